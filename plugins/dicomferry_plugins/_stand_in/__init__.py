"""A stand-in for an XNAT: a C-STORE receiver and a REST interface. It is not an XNAT.

- XnatStandIn: both servers over one emulated site, started and stopped together.
- StandInSite (`site`): the emulated XNAT: identifier, settings, sessions and receipts.
- StorageScp (`dicom`): the DICOM server; it gives each instance to the site.
- RestServer (`rest`): the HTTP server; its routes read and change the site.
- Receipt: what the stand-in knows of one stored instance.
- Faults: the errors that the stand-in makes on purpose.

The plug-in `stand-in` offers it to rehearsals and to the test kit, and as the verb `receiver`.
`site` imports neither `dicom` nor `rest`. XNAT's rules are asked by the names in `dicomferry.xnat`.
"""
