"""XNAT, emulated: how it identifies what arrives, groups it into sessions, and what it refuses."""
