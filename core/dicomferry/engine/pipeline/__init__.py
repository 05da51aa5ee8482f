"""One instance's way through a recipe: built, read, edited, forecast. The same in plan and run.

- Steps: a recipe's sources, transforms and sinks, built and in order (`steps`, `context`).
- Examined: what became of one item: ready, excluded, rejected or passed over (`examine`).
- Ready, Withheld: an instance behind the transforms, with its forecast or with the reason why it
  stays (`edit`).
- Memory: the answers for headers that read alike (`memory`); facts are remembered so, too.
- Foreseen: what sinks will leave out or reject, kept as notes of an instance (`foreseen`).
- Described: an instance that is still on a server, as far as that has told of it (`described`).
- Chosen labels: what a saved plan calls series; the engine lays them (`chosen_labels`).
- Own sinks: a folder and a receiver that a replay sends to (`own_sinks`); no recipe names them.

All other packages of `engine` may import this one; it imports none of them.
"""
