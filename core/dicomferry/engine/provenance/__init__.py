"""What a run was made of, kept so that it can be pinned, compared and repeated."""
