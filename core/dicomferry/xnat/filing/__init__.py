"""How XNAT files what it has named, each rule stated once.

* A *session* comes together in the *prearchive* under a `PrearchiveKey` (project,
  StudyInstanceUID, label) and is merged in the *archive* under an `ArchiveKey` (project, label):
  `keys.py`.
* *Archiving* moves a session from the one to the other, once it is quiet: `archiving.py` says
  when, and what stays for want of a project or a subject.
* A *conflict* is why XNAT does not merge a session into the one that is there: `conflicts.py` has
  the rules and XNAT's words for each.
* *First session wins* where DQR identifies: `first_session.py`.
* A *scan* is a series in a session; `scans.py` names scans and their types, and `merging.py` says
  what they are called once they are merged into those that are there.

These modules are pure functions over values. The plan's problems, `plan --ask`, `verify` and the
stand-in all ask them. A stand-in keeps its sessions itself, and asks by the names in
`dicomferry.xnat`.
"""
