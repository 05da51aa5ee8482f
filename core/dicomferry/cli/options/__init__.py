"""What several verbs take from the command line.

* An *option* is a click decorator: `format_option`, `set_option`, `state_option`, `fault_option`.
* `with_ferry` is the decorator of a verb that uses a recipe: it adds RECIPE and the options that
  go with it, and hands the verb an open `Ferry`. `with_recipe` does so without `--state`.
* *Overrides* are the values of `--set` and `--params` together, each with its origin.
* `identified_by` gives a verb without a recipe an identifier.
* A *duration* is a span of time in words: `90s`, `10m`, `1h`.

The verbs use this package; it prints warnings of recipes, and nothing else.
"""
