"""Pure decisions about orders: which sight is the newer, what it asks of stock and beliefs."""
