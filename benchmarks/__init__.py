"""The benchmarks: dicomferry and the tools that it replaces; `make bench` runs them.

- Case: an archive, a receiver, and contestants.
- Contestant: a function that sends the archive; dicomferry is one, the rivals are the others.
- Cost: time, CPU time and memory of one process.
- Result: instances and the median cost of one contestant.
- Figure: one number with its target, such as the time of a start-up.
"""
