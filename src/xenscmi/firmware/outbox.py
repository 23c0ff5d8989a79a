"""What the platform sends by itself: notifications to subscribers, and delayed responses.

An agent gets them on its platform-to-agent channel; an agent without one gets none, and cannot subscribe. Queues are
bounded: what does not fit is dropped and counted, as a platform has no memory to wait for an agent.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping

from xenscmi.firmware.resources import PlatformAgent
from xenscmi.scmi.header import Header, MessageType
from xenscmi.scmi.message import NotificationPayload, Response
from xenscmi.scmi.shmem import Posted

QUEUE_LIMIT = 64

Subscription = tuple[int, int, int]
"""Protocol, notification id, resource."""


class Outbox:
    """The messages that wait for each agent, and who has subscribed to which notifications.

    `header` is the header of the command that is being served: its delayed response carries the same token.
    """

    def __init__(
        self, agents: Mapping[int, PlatformAgent], may_use: Callable[[int, int, int], bool], *, sends: bool
    ) -> None:
        self.header = Header(0)
        self.dropped = 0
        self._may_use = may_use
        self._queues: dict[int, deque[Posted]] = {
            agent_id: deque() for agent_id, agent in agents.items() if sends and agent.p2a_shmem is not None
        }
        self._waiting: set[int] = set()
        self._subscribers: dict[Subscription, set[int]] = {}

    def reaches(self, agent: int) -> bool:
        """Whether the agent can be sent anything."""
        return agent in self._queues

    def subscribe(self, agent: int, subscription: Subscription, *, enable: bool) -> None:
        """Start or stop a notification for an agent."""
        change = set.add if enable else set.discard
        change(self._subscribers.setdefault(subscription, set()), agent)

    def subscriptions(self) -> Iterable[tuple[int, Subscription]]:
        """Yield who has subscribed to what, sorted."""
        for subscription, agents in sorted(self._subscribers.items()):
            for agent in sorted(agents):
                yield agent, subscription

    def notify(self, subscription: Subscription, message: NotificationPayload, but: int | None = None) -> None:
        """Send a notification to its subscribers, except one; agents that lost the resource are left out."""
        protocol, _, resource = subscription
        agents = self._subscribers.get(subscription, ())
        self._spread(
            subscription, message, [each for each in agents if each != but and self._may_use(each, protocol, resource)]
        )

    def notify_all(self, subscription: Subscription, message: NotificationPayload, but: int | None = None) -> None:
        """Send a notification to its subscribers, except one, whether or not they may use the resource."""
        self._spread(subscription, message, [each for each in self._subscribers.get(subscription, ()) if each != but])

    def notify_one(self, agent: int, subscription: Subscription, message: NotificationPayload) -> None:
        """Send a notification to one agent, if it has subscribed and may use the resource."""
        protocol, _, resource = subscription
        if agent in self._subscribers.get(subscription, ()) and self._may_use(agent, protocol, resource):
            self._spread(subscription, message, [agent])

    def _spread(self, subscription: Subscription, message: NotificationPayload, agents: list[int]) -> None:
        if agents:
            protocol, notification, _ = subscription
            header = Header.of(message_id=notification, message_type=MessageType.NOTIFICATION, protocol_id=protocol)
            payload = message.encode()
            for agent in sorted(agents):
                self._send(agent, Posted(header, payload))

    def reply_later(self, agent: int, response: Response) -> None:
        """Send the delayed response to the command that is being served."""
        header = self.header.replace(message_type=MessageType.DELAYED_RESPONSE)
        self._send(agent, Posted(header, response.encode()))

    def _send(self, agent: int, posted: Posted) -> None:
        queue = self._queues.get(agent)
        if queue is None or len(queue) >= QUEUE_LIMIT:
            self.dropped += 1
        else:
            queue.append(posted)
            self._waiting.add(agent)

    def next(self, agent: int) -> Posted | None:
        """Take the oldest message for an agent; None if there is none."""
        queue = self._queues.get(agent)
        posted = queue.popleft() if queue else None
        if not queue:
            self._waiting.discard(agent)
        return posted

    def waiting(self, agent: int) -> int:
        """Return how many messages wait for an agent."""
        return len(self._queues.get(agent, ()))

    def agents_waiting(self) -> tuple[int, ...]:
        """Return the agents for which messages wait: few of many, and every call to EL3 asks."""
        return tuple(self._waiting)

    def forget(self, agent: int) -> None:
        """Drop everything that waits for an agent, and its subscriptions."""
        if agent in self._queues:
            self._queues[agent].clear()
            self._waiting.discard(agent)
        for agents in self._subscribers.values():
            agents.discard(agent)

    def clear(self) -> None:
        """Drop everything."""
        self._subscribers.clear()
        self._waiting.clear()
        for queue in self._queues.values():
            queue.clear()
