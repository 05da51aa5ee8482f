"""The stand-in's REST side: the routes of section 3.6 that carrying and reconciling use."""
