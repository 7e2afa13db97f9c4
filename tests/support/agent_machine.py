"""An evaluator of agent expressions for tests, independent of the guard's."""

from __future__ import annotations

from collections.abc import Callable

MASK = (1 << 64) - 1


class Fault(Exception):
    """The expression could not be evaluated."""


def signed(value: int) -> int:
    value &= MASK
    return value - (1 << 64) if value >> 63 else value


class AgentMachine:
    """Evaluates bytecode (GDB manual, "The GDB Agent Expression Mechanism").

    Attributes:
        read: Reads memory.
        registers: Values by the target's register numbers.
        counters: Trace state variables by number.
    """

    def __init__(self, read: Callable[[int, int], bytes], registers: tuple[int, ...] = ()) -> None:
        self.read = read
        self.registers = registers
        self.counters: dict[int, int] = {}

    def run(self, code: bytes) -> int:
        """Evaluate an expression and return the top of the stack.

        Raises:
            Fault: Memory cannot be read, a division is by zero, or it does not end.
        """
        stack: list[int] = []
        at = 0
        for _ in range(10_000):
            op = code[at]
            at += 1
            if op == 0x27:
                assert len(stack) == 1, stack
                return signed(stack.pop())
            if op in (0x20, 0x21):
                target = int.from_bytes(code[at : at + 2], "big")
                at = target if op == 0x21 or stack.pop() else at + 2
            elif op in (0x22, 0x23, 0x24, 0x25):
                size = 1 << (op - 0x22)
                stack.append(int.from_bytes(code[at : at + size], "big"))
                at += size
            elif op in (0x26, 0x2C, 0x2D):
                number = int.from_bytes(code[at : at + 2], "big")
                at += 2
                if op == 0x26:
                    stack.append(self.registers[number])
                elif op == 0x2C:
                    stack.append(self.counters.get(number, 0))
                else:
                    self.counters[number] = signed(stack[-1])
            elif op in (0x16, 0x2A):
                bits = code[at]
                at += 1
                value = stack.pop() & ((1 << bits) - 1)
                if op == 0x16 and value >> (bits - 1):
                    value -= 1 << bits
                stack.append(value & MASK)
            elif op == 0x32:
                stack.append(stack[-1 - code[at]])
                at += 1
            else:
                self._simple(op, stack)
        raise Fault("endless")

    def _simple(self, op: int, stack: list[int]) -> None:
        if 0x17 <= op <= 0x1A:
            stack.append(int.from_bytes(self._read(stack.pop(), 1 << (op - 0x17)), "little"))
        elif op == 0x0E:
            stack.append(int(stack.pop() == 0))
        elif op == 0x12:
            stack.append(~stack.pop() & MASK)
        elif op == 0x28:
            stack.append(stack[-1])
        elif op == 0x29:
            stack.pop()
        elif op == 0x2B:
            stack[-1], stack[-2] = stack[-2], stack[-1]
        else:
            right, left = stack.pop(), stack.pop()
            stack.append(self._binary(op, left, right) & MASK)

    def _read(self, address: int, size: int) -> bytes:
        try:
            return self.read(address & MASK, size)
        except Exception as error:
            raise Fault(str(error)) from error

    def _binary(self, op: int, left: int, right: int) -> int:
        if op in (0x05, 0x06, 0x07, 0x08) and right == 0:
            raise Fault("division by zero")
        a, b = signed(left), signed(right)
        quotient = 0 if not b else abs(a) // abs(b) * (1 if (a < 0) == (b < 0) else -1)
        return {
            0x02: lambda: left + right,
            0x03: lambda: left - right,
            0x04: lambda: left * right,
            0x05: lambda: quotient,
            0x06: lambda: left // right,
            0x07: lambda: a - quotient * b,
            0x08: lambda: left % right,
            0x0F: lambda: left & right,
            0x10: lambda: left | right,
            0x11: lambda: left ^ right,
            0x13: lambda: int(left == right),
            0x14: lambda: int(a < b),
            0x15: lambda: int(left < right),
        }[op]()
