"""The built-in components, one module each; dicomferry finds them by entry points.

- Component: a name, an options type and a function that builds a stage.
- Options: the options of one component in a recipe.
- Source: `folder`, `csv_dqr` and `pacs_query` find instances.
- Transform: `remap`, `identify` and `unify_uids` return edits.
- Sink: `xnat_cstore` and `export` store instances.
- Identifier: `xnat_identifiers` offers XNAT's own two.
- Server: `pacs` offers the kind of server of that name; the package `_pacs` asks it.
- Hook: a function with `@hookimpl` by which a module offers its components; `secrets` offers the
  resolvers of `${env:…}`, `${file:…}` and `${netrc:…}`.

A module imports `dicomferry` and modules with a leading underscore, never another component's.
Nothing imports this package by name.
"""
