"""What runs a recipe: scan, examine, plan, deliver."""
