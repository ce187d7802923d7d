"""The pages of a session, live or recorded, with what stands around the picture."""
