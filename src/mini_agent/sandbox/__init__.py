"""Running code that nobody has read: layers that confine it, and a self-test that tries to break out of them."""
