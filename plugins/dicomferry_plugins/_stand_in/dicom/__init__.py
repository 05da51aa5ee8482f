"""The stand-in's DICOM side.

`StorageScp` is a C-STORE *SCP* (PS3.4 B): it accepts the *associations*, presentation contexts and
senders that XNAT's receiver does, and answers with XNAT's *statuses*. What arrives it gives to
`site`; it knows nothing of sessions.
"""
