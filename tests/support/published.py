"""Commands as they were published, and as sites copied them."""

from __future__ import annotations

# The commands of "Pushing bulk legacy data to XNAT", in the page that they were published in.
PAGE = """\
The simplest way to send DICOM images may be using `storescu`.

```bash
storescu -nh -v --scan-directories --scan-pattern "*.dcm" --recurse -aec <AETITLE> \\
   <XNAT_SERVER_IP> <XNAT_SERVER_PORT> /path/to/local/data
```

In association with `find` this can be done over a large number of files.

```bash
find /path/to/data -name "*.dcm" -exec dcmodify -i PatientID="SESSIONID" \\
   -i PatientName="SUBJECTID" -i StudyDescription="PROJECTID" {} \\;
```

```bash
find /path/to/data -name "*.dcm" -exec \\
   dcmodify -i StudyInstanceUID="STUDYINSTANCEID" {} \\;
```
"""
"""The code blocks of a page on pushing bulk legacy data to XNAT, with some of its prose."""
