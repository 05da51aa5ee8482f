"""From a server to the spool: what is asked for, how courteously, and what came of it.

*Retriever*: the main process's part; it gives out *orders* and consignments side by side.
*Supply*: the studies wanted from one server; it knows its lanes, its manners, and the room.
*Order* and *Retrieved*: what the main process and a worker say to one another of one study.
*Inbox*: the place of one order in the *spool*, the folder where instances wait for their sinks.
*Outlet*: what of the spool goes to one sink next.
*Pace* and *hours*: how fast and when a server may be asked, by the `Manners` of its fetcher.
*Courtesy*: what the user of a run says of hours and spool.

How bytes are got is the business of a `Fetcher` (`dicomferry.contract`), which a plug-in offers.
This room is called by `session`, calls `deliver`, and knows no kind of server.
"""
