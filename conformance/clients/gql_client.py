"""gql over AIOHTTPWebsocketsTransport, driven by lines of JSON."""

import asyncio
import sys

from gql import Client, GraphQLRequest, gql
from gql.transport.aiohttp import AIOHTTPTransport
from gql.transport.aiohttp_websockets import AIOHTTPWebsocketsTransport
from gql.transport.exceptions import TransportConnectionFailed, TransportError, TransportQueryError

from driver import drive


# region settings
# Not WebsocketsTransport: it looks the subprotocol up case-sensitively and falls back to a legacy protocol.
def open_client(socket_url, token):
    payload = {"authorization": f"Bearer {token}"} if token else {}
    return Client(transport=AIOHTTPWebsocketsTransport(url=socket_url, init_payload=payload))


async def code_of(error, url, token):
    if isinstance(error, TransportQueryError) and error.errors:
        return error.errors[0]["extensions"]["code"]
    if isinstance(error, TransportConnectionFailed):
        # gql drops the close code, 4401 for a session that has ended: HTTP has the reason.
        headers = {"authorization": f"Bearer {token}"}
        try:
            async with Client(transport=AIOHTTPTransport(url=url, headers=headers)) as session:
                await session.execute(gql("{ profile { id } }"))
        except TransportQueryError as reason:
            return reason.errors[0]["extensions"]["code"]
        except TransportError:
            pass
    return None
# endregion


class Adapter:
    def __init__(self, settings):
        self.url, self.token = settings["url"], settings.get("token")
        self.client = open_client(settings["socketUrl"], self.token)

    async def run(self, name, text, variables):
        async with self.client as session:
            return await session.execute(GraphQLRequest(text, variable_values=variables))

    async def subscribe(self, name, text, variables, send):
        async with self.client as session:
            async for data in session.subscribe(GraphQLRequest(text, variable_values=variables)):
                send(data)

    async def code_of(self, error):
        return await code_of(error, self.url, self.token)

    async def close(self):
        pass


asyncio.run(drive(Adapter, sys.stdin, sys.stdout))
