"""The asking side of DIMSE: what a PACS has, and how it comes here (PS3.4 Annex C).

*PacsServer*: a PACS among the servers of a recipe.
*SeriesChoice*: which series a recipe wants; what recipes say is in `server` and `choice`.
*Query*: an open association for C-FIND; `search` counts and compares what it answers. A
*StandingQuery* opens it again where the PACS hangs up, and a *Questioner* goes on with the next
question where one has no answer.
*Way*: an open association for C-GET or C-MOVE, over which one *request* follows the other.
*Proposals*: the storage contexts of one C-GET after the other, until all has come.
*Door*: where instances come in, over the asking association or at the port of the *listener*; it
leads to the *intake* of the order at hand, which puts them into the engine's inbox, or refuses
them.
*Asker*: repeats requests for one order until all is here or there is no more hope.
*DimseFetcher*: the `Fetcher` made of these; the plug-in `pacs` offers it.

Associations are pynetdicom's (`scu`, `entity`, `checkpoint`): the PACS decides how fast this is.
The plug-in `pacs` retrieves with it, and `doctor` asks by its `examiner`; the sources `pacs-query`
(`by_query`) and `csv-dqr` query with it. A plug-in's own module imports only `server` and `choice`
when it is loaded, the others where a recipe needs them.
"""
