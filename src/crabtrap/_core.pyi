"""Typed contract of the native module: files in, tables out.

Everything here is stateless towards the program being debugged.  Addresses are
*file* addresses unless a parameter is named ``bias`` or the text says "run-time".
Ranges are half-open, lines and columns 1-based with 0 for "unknown".  Lookups that
find nothing return ``None`` or ``()``; damage in a file is listed in
``Image.problems`` and never raises.

Searches call a ``check`` every 50 ms until they end, with how much is done and how much there
is to do, of whatever unit; both are 0 where that is not known.  What it raises ends them.
Without one they cannot be interrupted.  An image has it from the beginning.

A ``die`` is an opaque, stable number of one debugging information entry of one
``Image`` (split-DWARF files included).  It is only meaningful to that image.

Registers are ``tuple[int | None, ...]`` of the 17 x86-64 DWARF columns
(System V ABI AMD64, figure 3.36): rax rdx rcx rbx rsi rdi rbp rsp r8..r15 rip;
``None`` means the value is not known in that frame.
"""

from collections.abc import Callable, Sequence
from typing import Literal, final

__all__ = [
    "Backtrace",
    "Block",
    "CallbackMemory",
    "FileMemory",
    "Function",
    "FunctionCode",
    "Image",
    "Instruction",
    "LandingPad",
    "LineSpan",
    "Loop",
    "Member",
    "Memory",
    "ModuleMap",
    "Piece",
    "Range",
    "Registers",
    "Row",
    "Section",
    "Segment",
    "StepTargets",
    "Symbol",
    "Type",
    "Variable",
    "Variant",
    "VariantPart",
    "accesses_before",
    "basic_blocks",
    "char_map",
    "char_test",
    "counter_steps",
    "demangle",
    "disassemble",
    "dispatch_table",
    "find_words",
    "float_function",
    "format_float",
    "instruction_start",
    "is_accessed_between",
    "parse_float",
    "read_numbers",
    "step_targets",
    "text_map",
    "text_parts",
    "unwind",
]

Registers = tuple[int | None, ...]
Range = tuple[int, int]
FunctionCode = tuple[tuple[tuple[int, bytes], ...], int, tuple[tuple[int, int, int], ...]]
"""A function's code: its parts, each with its address; the address of its first instruction;
ranges of calls, each with where they go on when they unwind."""

@final
class FileMemory:
    """Memory of a stopped program, read with ``pread`` on a ``/proc/PID/mem`` descriptor.

    The descriptor is duplicated.
    """

    def __new__(cls, fd: int, on_gone: Callable[[], object]) -> FileMemory:
        """``on_gone`` is called when there is no memory any more, to raise why."""

    def close(self) -> None:
        """Close the descriptor: nothing can be read from then on; may be repeated."""

    def read(self, address: int, size: int) -> bytes:
        """Read exactly ``size`` bytes.

        Raises:
            MemoryFault: Any byte of the range cannot be read.
        """

    def read_partial(self, address: int, size: int) -> bytes:
        """Read up to ``size`` bytes, ending at the first unreadable one; may be ``b""``."""

@final
class CallbackMemory:
    """Memory behind a Python function: remote targets, core files, tests."""

    def __new__(cls, read: Callable[[int, int], bytes]) -> CallbackMemory:
        """``read(address, size)`` returns up to ``size`` bytes, fewer where they end."""

    def read(self, address: int, size: int) -> bytes: ...
    def read_partial(self, address: int, size: int) -> bytes: ...

Memory = FileMemory | CallbackMemory

_LoopNode = tuple[str, str, Sequence[int]]
_LoopStage = tuple[str, int, int]
_LoopFold = tuple[int, Sequence[tuple[int, int]], int | None, Sequence[tuple[int, int]]]
_LoopChain = tuple[int, Sequence[_LoopStage], Sequence[int] | _LoopFold]

@final
class Loop:
    """A chain of iterator methods over plain data, under way.

    What nodes, stages and ends mean is described in ``rust/core/src/loops/program.rs``.
    Values are words: signed numbers of 128 bits, the bits of a ``u128``, those of an ``f64``,
    the number of a ``bool`` or ``char``.
    """

    def __new__(
        cls,
        nodes: Sequence[_LoopNode],
        chains: Sequence[_LoopChain],
        registers: Sequence[int],
        tables: Sequence[bytes],
        numbers: tuple[int, int, int, int, int],
    ) -> Loop:
        """A loop over numbers.

        Args:
            nodes: Each uses only those before it.
            chains: The first one is the loop, others are called by nodes.
            registers: What is in them at first.
            tables: The buffers from number 1 on.
            numbers: First number, step, count; how many items side by side a step reads (as far
                as there are so many; 0 where the numbers are the items), and how many items
                there are in memory.

        Raises:
            DebugInfoError: Something in it does not exist.
        """

    def feed(
        self, first: int, stride: int, data: bytes, steps: int, room: int
    ) -> tuple[Literal["done", "needs", "paused", "full", "failed"], int]:
        """Go on with ``data``, the items from number ``first`` on, of ``stride`` bytes each.

        Returns:
            "done"; "needs" and an item that is not in ``data``; "paused" after ``steps`` items;
            "full" when ``room`` items wait; "failed" and the node that has no value.
        """

    @property
    def done(self) -> int:
        """How many numbers were gone over."""

    def take_emitted(self) -> list[int]:
        """Take the words of the items that were emitted; 0 for an item without words."""

    def evaluate(self, node: int, first: int, stride: int, data: bytes) -> int | None:
        """Compute a node as things are now; ``None`` where it has no value."""

@final
class Segment:
    """One ``PT_LOAD`` or ``PT_TLS`` program header."""

    kind: Literal["load", "tls"]
    address: int
    memory_size: int
    file_offset: int
    file_size: int
    readable: bool
    writable: bool
    executable: bool

@final
class Section:
    name: str
    address: int
    size: int
    file_offset: int
    executable: bool

@final
class Symbol:
    """One entry of ``.symtab`` or ``.dynsym``.

    ``name`` is demangled, without the hash; ``linkage_name`` as in the file.
    """

    name: str
    linkage_name: str
    address: int
    size: int
    kind: Literal["function", "object", "tls", "other"]
    is_global: bool

@final
class Row:
    """One row of a line table, ending where the next one begins."""

    address: int
    end: int
    path: str
    line: int
    column: int
    is_stmt: bool
    prologue_end: bool

@final
class LineSpan:
    """A stretch of code in which a logical frame is on one line.

    Attributes:
        path, line: As in ``Row``; those of the call, in code that was inlined into it.
        is_statement: Its first instruction begins a statement.
        callee: The instance, inlined into that frame, which the code is in, if any.
    """

    start: int
    end: int
    path: str
    line: int
    is_statement: bool
    callee: Function | None

@final
class Function:
    """A concrete function, or one inline instance of a function.

    Attributes:
        die: Its ``DW_TAG_subprogram`` or ``DW_TAG_inlined_subroutine``.
        origin: The abstract instance both kinds share, or ``die`` itself.
        name: Path by the DWARF tree, generics included: ``all::{impl#1}::name``.
        linkage_name: Mangled name, ``None`` where DWARF has none.
        path: Path for people: the demangled linkage name without hash
            (``<all::Dog as all::Animal>::name``), else ``name``; with the numbers of closures
            and the generic arguments of ``name``, which legacy linkage names lack.
        entry: First instruction (``DW_AT_entry_pc``, else the lowest range).
        ranges: Code of this instance, sorted.
        declaration_path, declaration_line: Where the function is declared.
        inlined: An inline instance.
        call_path, call_line, call_column: For an inline instance, where the call is.
        unit: Number of its unit in the image.
    """

    die: int
    origin: int
    name: str
    linkage_name: str | None
    path: str
    entry: int
    ranges: tuple[Range, ...]
    declaration_path: str | None
    declaration_line: int
    inlined: bool
    call_path: str | None
    call_line: int
    call_column: int
    unit: int

@final
class Variable:
    """A parameter, local, captured variable or static.

    Attributes:
        type: ``die`` of its type, ``None`` where DWARF gives none.
        ranges: Where its lexical block lies; the function's ranges for a parameter;
            empty for a static.
        depth: Nesting of the block, 0 = function level; a deeper binding of the same
            name shadows a shallower one, and so does a later one at the same depth.
        constant: ``DW_AT_const_value`` as little-endian bytes of the type's size, if any.
        has_location: ``DW_AT_location`` is present (it may still not cover a pc).
        in_slot: It is at one fixed offset from the frame base in all of its scope.
        alignment: ``DW_AT_alignment``, 0 where there is none; old compilers give bits / 64.
        path: Qualified path of a static (``crate::module::NAME``), else the bare name.
    """

    die: int
    name: str
    path: str
    linkage_name: str | None
    kind: Literal["parameter", "local", "static"]
    type: int | None
    declaration_path: str | None
    declaration_line: int
    ranges: tuple[Range, ...]
    depth: int
    artificial: bool
    constant: bytes | None
    has_location: bool
    in_slot: bool
    alignment: int

@final
class Piece:
    """Where one part of a value is.

    Attributes:
        kind: "memory": run-time ``address``; "register": DWARF ``register`` number
            (0-16 as in ``Registers``, 17-32 xmm0-15); "bytes": ``data`` is the value
            itself (``DW_OP_stack_value``, ``implicit_value``, constants);
            "implicit_pointer": a pointer that was optimised away and points
            ``offset`` bytes into the value of entry ``die``; "absent": ``reason`` says why.
        size: Bytes, or 0 for "the whole value".
        bit_offset: First bit inside the register, for ``DW_OP_bit_piece``, else 0.
        pointer: Run-time address of the pointer that the location followed last, where that
            led to the value itself (``DW_OP_deref`` at the end), else ``None``.
        behind: Where an offset is added to what a pointer points to that a register leads to:
            the address that this pointer was read from, and the offset.  Optimising compilers
            write that for a part of what lies at that very address.
        base: The register and the offset from its contents that this is, or is at, if that is
            all that the location says.
        computed_from: The register that a value was computed from that is nowhere itself
            (``DW_OP_stack_value``).
    """

    kind: Literal["memory", "register", "bytes", "implicit_pointer", "absent"]
    size: int
    bit_offset: int
    address: int
    register: int
    data: bytes
    die: int
    offset: int
    reason: str
    pointer: int | None
    behind: tuple[int, int] | None
    base: tuple[int, int] | None
    computed_from: int | None

@final
class Member:
    """A field.

    Attributes:
        name: Field name; tuple fields are ``__0``, ``__1``, ...
        offset: Bytes from the start of the type.
        bit_offset, bit_size: For C bit fields, else 0.
        alignment: ``DW_AT_alignment`` in bytes, 0 where there is none.
    """

    name: str
    type: int
    offset: int
    bit_offset: int
    bit_size: int
    artificial: bool
    alignment: int

@final
class Variant:
    """One variant of an enum or coroutine.

    Attributes:
        name: Variant name (``Some``), or the member's name.
        discriminants: Values or ranges ``(low, high)`` inclusive that select it, as
            unsigned numbers of the discriminant's width, up to 128 bits; empty = default.
        type: The ``die`` of the variant's structure.
        declaration_line: Source line (suspend points of coroutines), 0 = unknown.
    """

    name: str
    discriminants: tuple[tuple[int, int], ...]
    type: int
    offset: int
    declaration_path: str | None
    declaration_line: int

@final
class VariantPart:
    """``DW_TAG_variant_part``: ``discriminant`` selects the variant that is live."""

    discriminant: Member | None
    variants: tuple[Variant, ...]

@final
class Type:
    """One type entry, not followed further.

    Attributes:
        kind: Shape of the type.  "unit" is ``()`` or C ``void``; "never" is ``!``; "enum"
            has either ``variants`` (with data, coroutines included) or ``enumerators``;
            "opaque" is declared only.
        name: As DWARF names it: ``Vec<i32, alloc::alloc::Global>``, ``&str``.
        path: Qualified: ``alloc::vec::Vec<i32, alloc::alloc::Global>``.
        size: Bytes, ``None`` where unknown (incomplete types).
        encoding: For "base": bool, char (UTF-32), signed, unsigned, float, address.
        target: Pointee, element, typedef'd or underlying type.
        count: Items of an array, ``None`` where it has none.
        members: Fields in declaration order, artificial discriminants excluded.
        variants: The variant part, or ``None``.
        enumerators: ``(name, value)`` of a field-less enum, as unsigned of its width.
        template_arguments: ``(name, die)`` of generic parameters.
        parameters: Parameter types of a "function" type; its result is ``target``.
        containing: For a vtable's type, the concrete type it belongs to.
        is_tuple: rustc tuple or tuple struct (fields ``__0``...).
    """

    die: int
    kind: Literal[
        "base",
        "pointer",
        "reference",
        "struct",
        "union",
        "enum",
        "array",
        "function",
        "typedef",
        "const",
        "volatile",
        "unit",
        "never",
        "opaque",
    ]
    name: str
    path: str
    size: int | None
    alignment: int
    encoding: Literal["", "bool", "char", "signed", "unsigned", "float", "address"]
    target: int | None
    count: int | None
    members: tuple[Member, ...]
    variants: VariantPart | None
    enumerators: tuple[tuple[str, int], ...]
    template_arguments: tuple[tuple[str, int], ...]
    parameters: tuple[int, ...]
    containing: int | None
    declaration_path: str | None
    declaration_line: int
    is_tuple: bool
    language: Literal["rust", "c", "c++", "other"]

@final
class Image:
    """One ELF file with the debug information that belongs to it.

    Immutable from outside and usable from any thread.  Loads in tiers: opening reads
    headers only; symbols, units and the name index come when first asked for.
    Anything that may take over a millisecond releases the GIL.
    """

    @staticmethod
    def open(
        path: str,
        *,
        debug_directories: Sequence[str] = ...,
        name: str | None = None,
        check: Callable[[int, int], None] | None = None,
    ) -> Image:
        """Map a file and read its headers.

        Args:
            path: A regular file; ``/proc/PID/exe`` is fine.
            debug_directories: Where ``.build-id/xx/yyyy.debug`` and debuglink files are
                looked up, besides the file's own directory and its ``.debug``;
                ``("/usr/lib/debug",)`` if left out.
            name: Name to show, where it differs from ``path``.
            check: Called during every search of the image.

        Raises:
            DebugInfoError: Not a regular file, not ELF, not 64-bit x86-64; text says which.
            OSError: It cannot be opened.
        """

    @staticmethod
    def parse(data: bytes, name: str, *, check: Callable[[int, int], None] | None = None) -> Image:
        """Read an ELF image held in memory (the vDSO, tests)."""

    @property
    def path(self) -> str: ...
    @property
    def name(self) -> str: ...
    @property
    def build_id(self) -> bytes | None: ...
    @property
    def kind(self) -> Literal["executable", "shared", "core", "object"]:
        """``ET_EXEC``, ``ET_DYN`` (PIE included), ``ET_CORE``, ``ET_REL``."""

    @property
    def is_pie(self) -> bool: ...
    @property
    def entry(self) -> int: ...
    @property
    def interpreter(self) -> str | None: ...
    @property
    def segments(self) -> tuple[Segment, ...]: ...
    @property
    def sections(self) -> tuple[Section, ...]: ...
    @property
    def debug_path(self) -> str | None:
        """The file the debug information came from, ``None`` where there is none."""

    @property
    def debug_level(self) -> Literal["full", "lines", "symbols", "none"]:
        """What is there to work with; "lines" is rustc's ``line-tables-only``."""

    @property
    def problems(self) -> tuple[str, ...]:
        """What was damaged or missing and therefore skipped, so far, in words."""

    @property
    def producers(self) -> tuple[str, ...]:
        """Distinct ``DW_AT_producer`` of the units looked at so far."""

    @property
    def unit_count(self) -> int: ...
    @property
    def units_loaded(self) -> int:
        """Units whose entries have been read so far, for benchmarks."""

    def read(self, address: int, size: int) -> bytes:
        """Bytes of a loadable segment as the file has them, zero-filled to ``.bss``.

        Raises:
            MemoryFault: The range is not inside one segment.
        """

    # -- symbols ---------------------------------------------------------------
    def symbol_at(self, address: int) -> Symbol | None:
        """The symbol that covers ``address`` (or the nearest below it in its section)."""

    def symbols_named(self, name: str) -> tuple[Symbol, ...]:
        """Symbols whose linkage name, or demangled path, is exactly ``name``."""

    def symbols_matching(self, pattern: str, limit: int = 1000) -> tuple[Symbol, ...]:
        """Symbols whose demangled path matches a regular expression (regex crate syntax)."""

    # -- functions -------------------------------------------------------------
    def find_functions(self, query: str) -> tuple[Function, ...]:
        """Out-of-line functions whose path ends with the path ``query``.

        A segment of the query matches with or without its generic arguments; an impl
        segment ``<T as Trait>`` matches by the trailing parts of both; ``T::m`` matches
        inherent and trait methods of ``T``; ``Trait::m`` all implementations;
        ``{impl#N}``, ``{closure#N}`` and hashes may be left out, but a function is not
        found by the name of what it is nested in: ``main`` does not find
        ``main::{closure#0}``.  Only the body of an ``async fn``, ``{async_fn#0}`` inside of
        it, is found by the function's name, too.  Answered from symbols and the units they
        point to, without reading the others.  Functions of units with line tables only are
        known by their symbol and its rows.
        """

    def find_inlined(self, query: str) -> tuple[Function, ...]:
        """Every inline instance of the functions that match, as in ``find_functions``."""

    def find_functions_matching(self, pattern: str, limit: int = 10000) -> tuple[Function, ...]:
        """Out-of-line functions whose ``path`` matches a regular expression.

        The body of an ``async fn`` matches by the path of the function, too.
        """

    def find_inlined_matching(self, pattern: str, limit: int = 10000) -> tuple[Function, ...]:
        """Inline instances of the functions whose ``path`` matches; needs all names."""

    def find_only_inlined_matching(
        self, pattern: str, limit: int = 10000
    ) -> tuple[tuple[Function, int], ...]:
        """Functions without code of their own whose ``path`` matches, by name.

        Needs all names.

        Returns:
            One inline instance of each function, and how many there are; at most ``limit``.
        """

    def complete(
        self,
        prefix: str,
        kinds: Sequence[Literal["function", "type", "static"]],
        limit: int,
    ) -> tuple[str, ...]:
        """Paths, or trailing parts of paths, that begin with ``prefix``, for completion.

        The likeliest first; a namespace is given as ``name::``, to be completed further.
        """

    def function_at(self, address: int) -> Function | None:
        """The concrete function that covers ``address``."""

    def inline_chain(self, address: int) -> tuple[Function, ...]:
        """The innermost inline instance first, the concrete function last; ``()`` where unknown."""

    # -- lines -----------------------------------------------------------------
    def find_files(self, suffix: str) -> tuple[str, ...]:
        """Source files whose path ends with the path components of ``suffix``; all for ``""``."""

    def source_checksums(self, path: str) -> tuple[bytes, ...]:
        """Each MD5 that a unit has of what ``path`` was when it was compiled, once.

        None where that is not known: DWARF 4 has no room for it.
        """

    def lines_with_code(self, path: str) -> tuple[int, ...]:
        """Sorted lines of ``path`` (as ``find_files`` gives it) that have a statement row."""

    def rows_for_line(self, path: str, line: int) -> tuple[Row, ...]:
        """Statement rows of exactly this line, in all units, sorted by address."""

    def inline_instances_called_between(
        self, path: str, first: int, end: int
    ) -> tuple[Function, ...]:
        """Inline instances of calls on lines ``[first, end)``, sorted by line and address.

        Reads the trees of all units that name the file.
        """

    def row_at(self, address: int) -> Row | None:
        """The row that covers ``address``."""

    def rows_between(self, start: int, end: int) -> tuple[Row, ...]:
        """All rows that overlap ``[start, end)``, sorted by address."""

    # -- variables and types -----------------------------------------------------
    def line_spans(self, address: int, depth: int) -> tuple[LineSpan, ...]:
        """The lines that one frame is on, over all of its code and by address.

        Args:
            address: Anywhere in a function.
            depth: Logical frame counted from the concrete function, which is 0, inwards.
        """

    def relocated_pointer(self, address: int) -> int | None:
        """The file address that the pointer at ``address`` refers to once it is relocated.

        ``None`` where it refers to another file, or is not in this one.
        """

    def landing_pads(self, address: int) -> tuple[LandingPad, ...]:
        """Where code goes on when a call in it unwinds, by the addresses of the calls.

        Args:
            address: Anywhere in the code; what one entry of the unwind tables covers around
                it is told, which is all of a function unless its cold parts lie elsewhere.
        """

    def variables(self, function: int) -> tuple[Variable, ...]:
        """Parameters and locals of one function or inline instance, nested blocks included.

        Not those of functions inlined into it.  Names, types and so on of inline and
        out-of-line instances are followed through ``abstract_origin``; an instance also
        lists what it lost to optimisation, without a location, in the order of the source.
        """

    def captures_type(self, function: int) -> int | None:
        """``die`` of the type that holds what a closure or coroutine has captured."""

    def template_arguments(self, function: int) -> tuple[tuple[str, int], ...]:
        """``(name, type)`` of a function's generic parameters."""

    def return_type(self, function: int) -> int | None:
        """Type of the result.

        ``None`` for ``()``, and where the optimiser has changed the function so that it
        does not return what its source says (``DW_CC_nocall``, DWARF 5 section 3.3.1.1).
        """

    def has_changed_signature(self, function: int) -> bool:
        """Whether the optimiser changed what the function takes or returns (``DW_CC_nocall``)."""

    def locate(
        self,
        die: int,
        *,
        pc: int,
        bias: int,
        registers: Registers,
        cfa: int | None,
        memory: Memory,
        tls: int | None = None,
    ) -> tuple[Piece, ...]:
        """Value locations of a variable at ``pc``, a file address; theirs are run-time addresses.

        Args:
            die: The variable's; for statics ``pc`` and ``registers`` are not used.
            bias: Run-time minus file address of this image.
            registers: Of the frame asked about.
            cfa: Its canonical frame address, for ``DW_OP_call_frame_cfa``.
            tls: Run-time address of this image's TLS block in the thread, for
                ``DW_OP_form_tls_address``; ``None`` gives an "absent" piece.

        Returns:
            One piece, or several in order; never empty.  An expression that fails or a
            pc without a location gives one "absent" piece with its reason.
        """

    def type(self, die: int) -> Type: ...
    def function_uses(self, die: int) -> tuple[bool, bool]:
        """What the uses of the function pointer type ``die`` in its unit say.

        Returns:
            Whether it is the type of function items, which rustc describes as pointers though
            they have no size; and whether ``Variable.alignment`` is in eighths of a byte there.
        """
    def find_types(self, query: str) -> tuple[int, ...]:
        """Types whose path ends with ``query``, one of those that agree in path and size.

        Generic arguments compare textually, spaces ignored, each by its trailing part;
        those at the end may be left out.
        """

    def find_statics(self, query: str) -> tuple[Variable, ...]:
        """Statics, thread-locals included, whose path ends with ``query``."""

    def static_at(self, address: int) -> Variable | None:
        """The static or vtable whose storage begins at file address ``address``."""

    # -- names in the background -------------------------------------------------
    def start_indexing(self) -> None:
        """Begin to index all names on background threads; harmless to repeat."""

    def wait_indexed(self, timeout: float | None = None) -> bool:
        """Wait for the index; ``False`` when ``timeout`` (seconds) ran out."""

@final
class ModuleMap:
    """Which image lies where in the program, for unwinding: an immutable snapshot."""

    def __new__(cls, entries: Sequence[tuple[Image, int, int, int]]) -> ModuleMap:
        """``entries`` are ``(image, bias, start, end)``, run-time ranges of executable code."""

@final
class Backtrace:
    """Physical frames of one thread, innermost first; inlined frames are not in it."""

    def __len__(self) -> int: ...
    @property
    def pcs(self) -> tuple[int, ...]:
        """Run-time pc of each frame; for callers the return address itself."""

    @property
    def cfas(self) -> tuple[int | None, ...]: ...
    def registers(self, index: int) -> Registers: ...
    def is_signal_frame(self, index: int) -> bool:
        """Frame ``index`` is a signal trampoline, whose caller's pc is no return address."""

    @property
    def complete(self) -> bool:
        """The outermost frame was reached."""

    @property
    def stop_reason(self) -> str:
        """Why unwinding ended, in words."""

def unwind(
    modules: ModuleMap, registers: Registers, memory: Memory, limit: int = 10_000
) -> Backtrace:
    """Walk the stack by CFI, then by frame pointers where a module has none.

    Restores all callee-saved registers.  Ends at the outermost frame, at ``limit``, or
    where the stack makes no sense; ``Backtrace.stop_reason`` says which.
    """

@final
class LandingPad:
    """What happens when one of the calls in ``[start, end)`` unwinds.

    Attributes:
        address: Where the function goes on.
        catches: The unwinding may end there, as in ``std::panic::catch_unwind``; otherwise
            the code there only cleans up, or aborts.
    """

    start: int
    end: int
    address: int
    catches: bool

@final
class Instruction:
    """One decoded instruction.

    Attributes:
        flow: What it does to control flow.
        target: Destination of a direct jump or call, else ``None``.
    """

    address: int
    size: int
    text: str
    flow: Literal[
        "next",
        "jump",
        "conditional",
        "call",
        "indirect-jump",
        "indirect-call",
        "return",
        "syscall",
        "trap",
        "invalid",
    ]
    target: int | None

def disassemble(
    code: bytes, address: int, limit: int | None = None, syntax: Literal["intel", "att"] = "intel"
) -> tuple[Instruction, ...]:
    """Decode ``code``, which lies at run-time ``address``; an odd byte gives flow "invalid"."""

@final
class StepTargets:
    """Where control can leave a set of address ranges, found by decoding them.

    Attributes:
        exits: Direct jump targets and fall-through addresses outside the ranges.
        calls: Addresses of call instructions, with the direct target or ``None``.
        returns: Addresses of return instructions.
        indirect_jumps: Addresses of jumps with unknown target.
        syscalls: Addresses of system call instructions.
    """

    exits: tuple[int, ...]
    calls: tuple[tuple[int, int | None], ...]
    returns: tuple[int, ...]
    indirect_jumps: tuple[int, ...]
    syscalls: tuple[int, ...]

def step_targets(code: bytes, address: int, ranges: Sequence[Range]) -> StepTargets:
    """Decode ``code`` at run-time ``address`` and list how ``ranges`` inside it are left."""

def instruction_start(code: bytes, address: int, inside: int) -> int | None:
    """Where the instruction around run-time ``inside`` begins, by decoding ``code``.

    ``None`` where the bytes stop making sense before it, or end.
    """

@final
class Block:
    """Instructions that run one after the other: only the first is ever jumped to.

    Attributes:
        successors: Beginnings of the blocks that can follow, sorted; what lies outside of
            the ranges is left out.
        is_indirect: It ends with a jump to an address known only when it runs.
        callee: Address of the function that its last instruction calls, if that is a call.
        callee_slot: Address of the pointer that its last instruction calls through.
    """

    start: int
    end: int
    successors: tuple[int, ...]
    is_indirect: bool
    callee: int | None
    callee_slot: int | None

def basic_blocks(
    code: bytes, address: int, ranges: Sequence[Range], leaders: Sequence[int]
) -> tuple[Block, ...]:
    """Divide ``ranges`` of ``code`` at run-time ``address`` into basic blocks, by address.

    A block also begins at each of ``leaders`` that begins an instruction.
    """

def demangle(name: str) -> str:
    """A Rust (legacy or v0) or C++ symbol as a path without hash; others unchanged."""

def char_test(name: str, char: str) -> bool:
    """Apply a test of Rust's ``char`` by name: ``is_alphabetic``.

    Raises:
        ValueError: Rust has no such test, as for every function below.
    """

def char_map(name: str, char: str) -> str:
    """The characters that a ``char`` becomes by ``to_uppercase`` and the like."""

def text_map(name: str, text: str) -> str:
    """The text that a ``str`` becomes by ``trim``, ``to_lowercase`` and the like."""

def text_parts(name: str, text: str) -> tuple[str, ...]:
    """The parts of a ``str`` by ``lines``, ``split_whitespace`` and the like."""

def parse_float(text: str, single: bool) -> float | None:
    """Parse a float as ``str::parse`` does; ``single`` rounds to an ``f32``."""

def format_float(value: float, single: bool, style: str, precision: int | None = None) -> str:
    """Write a float as ``format!`` does, in the style ``""``, ``"?"``, ``"e"`` or ``"E"``."""

def float_function(name: str, single: bool, a: float, b: float = 0.0, c: float = 0.0) -> float:
    """Apply a function of Rust's ``f64`` or, with ``single``, ``f32``: ``sqrt``, ``rem``."""

def accesses_before(
    code: FunctionCode,
    pc: int,
    slots: Sequence[tuple[tuple[int, int], Sequence[Range]]],
    *,
    exact: bool,
) -> tuple[tuple[tuple[int, ...], tuple[int, ...]], ...] | None:
    """Find what may have written variables in a frame before the instruction at ``pc`` is run.

    Args:
        code: The function.
        pc: Address of the instruction.
        slots: For each variable its bytes, counted from the canonical frame address, and the
            code in which it is in scope anew whenever that is entered; none of that code to
            count what was written earlier, too.
        exact: Each slot is an object of its own, as in code that was not optimised.

    Returns:
        For each variable the addresses of all instructions that have to do with it, and of those
        that may be the last before ``pc``: none where nothing can be there yet.  ``None`` where
        the function's frame cannot be followed.
    """

def counter_steps(code: FunctionCode, pc: int, register: int) -> list[tuple[int, bool]]:
    """Find what a register that counts the rounds of a loop around ``pc`` is changed by.

    Args:
        code: The function.
        pc: Address of an instruction.
        register: DWARF number of a general register.

    Returns:
        For each instruction that changes it in the innermost loop where all of them add
        constants: what is added, and whether the loop goes on as long as that does not give
        zero.  Nothing for any other register, and where the code cannot be followed.
    """

def is_accessed_between(
    code: FunctionCode, start: int, pc: int, slots: Sequence[tuple[int, int]]
) -> list[bool] | None:
    """Tell of each slot whether every path from ``start`` to ``pc`` has to do with it.

    Args:
        code: The function.
        start: Address of the instruction that all paths begin with.
        pc: Address of the instruction that is to be run next.
        slots: Bytes of each, counted from the canonical frame address.

    Returns:
        ``None`` where the frame cannot be followed, or no path leads there.
    """

def find_words(
    memory: Memory,
    ranges: Sequence[Range],
    wanted: Sequence[int],
    limit: int,
    check: Callable[[int, int], None] | None = None,
) -> list[tuple[int, int]]:
    """Find the words, 8 bytes aligned to 8, that have one of some values.

    Args:
        memory: The program's.
        ranges: Addresses to search; pages that cannot be read are passed over.
        wanted: The values.
        limit: The most to return.
        check: Called now and then meanwhile; ends the search by raising.

    Returns:
        ``(address, value)`` of each, in the order of the ranges.
    """

def read_numbers(
    memory: Memory,
    places: Sequence[int],
    size: int,
    check: Callable[[int, int], None] | None = None,
) -> list[int | None]:
    """Read a little-endian number at each of many places.

    Args:
        memory: The program's.
        places: Addresses; fastest in ascending order.
        size: Bytes of each, at most 8.
        check: Called now and then meanwhile; ends the reading by raising.

    Returns:
        The numbers, in the order of the places; ``None`` for one that cannot be read.
    """

def dispatch_table(code: FunctionCode) -> tuple[int, int] | None:
    """Find the jump table by which a coroutine's function goes on where it was suspended.

    Returns:
        Address of the entry for state 0, and the size of an entry in bytes: 4 where it is counted
        from the table, 8 where it is an address.  ``None`` where there is none.
    """
