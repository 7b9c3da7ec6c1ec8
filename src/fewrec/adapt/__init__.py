"""Better texts and encoders for your own data; nothing at serving time needs this room."""
