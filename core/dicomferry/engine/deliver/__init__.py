"""Delivery: what is due at a sink is brought to it.

* `Load`: the instances due at one sink for one destination, as the ledger has them; its
  `Consignment` is what the sink sees of it.
* `DeliverTask`: brings a load; a worker does it (`task.py`).
* `Parcel`: one edited instance, handed to the sink.
* `Courier`: serves one sink. It has loads brought, makes every outcome durable, and sends less at
  once after trouble.
* `SessionPace` (`pacing/`): tells the courier when an XNAT may get its next session.
* `SinkTally`: what came of one sink in a run.

The session has a courier deliver what lies in files; retrieval hands couriers what has come from a
PACS. Nothing here knows where an instance came from.
"""
