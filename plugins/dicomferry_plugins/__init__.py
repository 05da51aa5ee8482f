"""The built-in components, one module each, found by entry point like a stranger's."""
