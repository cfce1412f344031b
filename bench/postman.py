"""Hands mails in over SMTP, as a mail server would: one small process with several connections, at some 100 µs a mail.

`python -m bench.postman <port> <mailbox> <count> <connections>` sends that many mails of 20 kB, each with text of its own sender,
and ends when the last one was answered with 250.
"""

import asyncio
import subprocess
import sys

_PARAGRAPH = "The roses arrived dry, and the ones of last week, too. Could you please look into it?\r\n"
_TEXT = _PARAGRAPH * (20_000 // len(_PARAGRAPH))


class MailRefused(Exception):
    """The listener answered with something that is no success."""


def deliver(port: int, mailbox: str, count: int, connections: int) -> None:
    """Hand in mails from a process of its own. Raises CalledProcessError."""
    words = [str(port), mailbox, str(count), str(connections)]
    subprocess.run([sys.executable, "-m", "bench.postman", *words], check=True, timeout=120)


def mail(number: int, mailbox: str) -> bytes:
    """The mail of this number, 20 kB, ended as DATA ends it; one in ten answers the one before."""
    answers = f"In-Reply-To: <{number - 1}@postman.example>\r\n" if number % 10 == 9 else ""
    whom = number - 1 if answers else number
    head = (
        f"From: Ada Thorn <ada{whom}@rose{whom % 97}.example>\r\nTo: Help <{mailbox}>\r\nSubject: Roses of order {whom}\r\n"
        f"Date: Sun, 22 Nov 2026 08:00:00 +0000\r\nMessage-ID: <{number}@postman.example>\r\n{answers}MIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=utf-8\r\n\r\n"
    )
    return f"{head}{_TEXT}\r\n.\r\n".encode()


async def _carry(port: int, mailbox: str, numbers: range) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)

    async def say(line: bytes, code: bytes) -> None:
        writer.write(line)
        answer = await reader.readline()
        while answer[3:4] == b"-":
            answer = await reader.readline()
        if not answer.startswith(code):
            raise MailRefused(answer.decode(errors="replace"))

    await say(b"", b"220")
    await say(b"EHLO postman\r\n", b"250")
    for number in numbers:
        await say(f"MAIL FROM:<ada{number}@rose.example>\r\n".encode(), b"250")
        await say(f"RCPT TO:<{mailbox}>\r\n".encode(), b"250")
        await say(b"DATA\r\n", b"354")
        await say(mail(number, mailbox), b"250")
    await say(b"QUIT\r\n", b"221")
    writer.close()


async def _carry_all(port: int, mailbox: str, count: int, connections: int) -> None:
    each = -(-count // connections)
    await asyncio.gather(
        *(_carry(port, mailbox, range(at, min(count, at + each))) for at in range(0, count, each)),
    )


if __name__ == "__main__":
    asyncio.run(_carry_all(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
