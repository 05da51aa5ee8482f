"""DICOMweb (PS3.18): what a server has is searched, retrieved and stored over HTTP.

- DicomWebServer: a DICOMweb server as a recipe declares it.
- WebSite: the same, with its login resolved and its files found.
- WebClient: sends requests to a site, and again where that may help.
- Page: one answer of QIDO-RS; `all_rows` puts pages together and proves that none is lost.
- WebQuery: the source; it asks level by level, as `_pacs.search` does over C-FIND.
- MultipartReader: the parts of an answer, as they come; without its end the answer is cut.
- WadoFetcher: retrieves the instances of a study into an inbox.
- StowSink, StowDelivery: send instances, and call stored what the server named in its answer.

`dicomweb` and `stow_rs` build these. What a PACS answers is compared with what was asked by the
rules of `_pacs.search`, `_pacs.choice` and `_pacs.findings`.
"""
