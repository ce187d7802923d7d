"""Narrower arithmetic and storage: float16, bfloat16, eight-bit weights."""
