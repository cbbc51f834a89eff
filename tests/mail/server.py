"""A mail server by aiosmtpd, on a free port: smtp, starttls or smtps. The last two want mula and "river/2".

Prints its port, then each message as a line of JSON. Arguments: the scheme, a certificate, its key.
"""

import asyncio
import json
import ssl
import sys

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

scheme, certificate, key = sys.argv[1:]


class Handler:
    async def handle_DATA(self, server, session, envelope):
        message = {
            "authenticated": bool(session.authenticated),
            "starttls": session.ssl is not None,
            "raw": envelope.content.decode(),
        }
        print(json.dumps(message), flush=True)
        return "250 OK"


def authenticate(server, session, envelope, mechanism, data):
    is_right = isinstance(data, LoginPassword) and data == LoginPassword(b"mula", b"river/2")
    # Not handled: the refusal is the library's to send.
    return AuthResult(success=is_right, handled=False)


async def main():
    context = None
    if scheme != "smtp":
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(certificate, key)

    def connected():
        return SMTP(
            Handler(),
            hostname="localhost",
            tls_context=context if scheme == "starttls" else None,
            require_starttls=scheme == "starttls",
            auth_required=scheme != "smtp",
            auth_require_tls=scheme == "starttls",
            authenticator=authenticate,
        )

    wrapped = context if scheme == "smtps" else None
    server = await asyncio.get_running_loop().create_server(connected, "127.0.0.1", 0, ssl=wrapped)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
