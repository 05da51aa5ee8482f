"""The stand-in's DICOM side: a C-STORE SCP by sockets alone.

* `StorageScp` (`scp.py`) accepts the senders and contexts that XNAT's receiver does, and answers
  with XNAT's *statuses*. What arrives it gives to `site`; it knows nothing of sessions.
* An *association* (`association.py`) is one sender's connection; a thread serves each.
* The *negotiation* (`negotiation.py`) answers a request for one (PS3.8 9.3).
* A *message* (`message.py`) is a request or a response of DIMSE (PS3.7).
* A *PDU* (`pdu.py`) is what goes over the connection, a *PDV* a fragment in it (PS3.8 9.3.5).

It shares no code with what sends: each has to understand the other by the Standard.
"""
