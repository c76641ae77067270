"""The ledger's JSON of an event's fields, made ten times faster than the standard library does.

The bytes are the same as those of `model.events.encode_fields` (a property test compares them):
the model may import the standard library only, and hashing is a third of a decision's time.
"""

import msgspec

encode = msgspec.json.Encoder().encode
