"""Proposals: what recipe could fit a folder of DICOM files.

* `Sampled`: the values of one instance that was read, and the folders above it (`survey.py`).
* `Survey`: all sampled instances of a folder. It lives in memory only, since it has patients' data.
* `Proposal`: templates for subject and session labels, and the counts that speak for them
  (`proposal.py`). It has no value of any header.

The verb `init --from FOLDER` calls this room and puts the proposal into its starter recipe.
"""
