"""What several rooms of tests share: made archives, started servers."""
