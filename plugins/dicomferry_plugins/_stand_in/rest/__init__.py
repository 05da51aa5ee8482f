"""The stand-in's REST server: the routes of XNAT that dicomferry and upload tools use.

- RestServer: the HTTP server; it checks the login and follows the route of a request.
- Routes: the table of methods, paths and handlers.
- Handler: a function of a route module (`archive`, `prearchive`, `scans`, `config`, `services`,
  `imports`); it returns an HttpAnswer.
- HttpRequest, HttpAnswer: one request and one response, as values.
- HttpRefusal: the exception with which a handler ends a request with an error status.
- Logins: the sessions and alias tokens of the stand-in.
- AddressedSession: a session and the URI that named it.

`XnatStandIn` makes the server; nothing else imports this package. It calls `site`.
"""
