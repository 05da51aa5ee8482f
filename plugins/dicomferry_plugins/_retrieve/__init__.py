"""The asking side of DIMSE: what a PACS has, and how it comes here (PS3.4 Annex C).

*PacsServer*: a PACS among the servers of a recipe.
*Query*: an open association for C-FIND; `search` counts and compares what it answers.
*Way*: an open association for C-GET or C-MOVE, over which one *request* follows the other.
*Door*: where instances come in, over the asking association or at a port; it leads to the *intake*
of the order at hand, which puts them into the engine's inbox, or refuses them.
*Asker*: repeats requests for one order until all is here or there is no more hope.
*DimseFetcher*: the `Fetcher` made of these; the plug-in `pacs` offers it.

Associations are pynetdicom's (`scu`, `entity`, `checkpoint`): the PACS decides how fast this is.
The plug-in `pacs` retrieves with it, the sources `pacs-query` and `csv-dqr` query with it.
"""
