"""The table of std's methods, put together when it is first asked for."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from crabtrap.expr.methods.table import MethodTable


@cache
def std_methods() -> MethodTable:
    """The one table of built-in methods."""
    from crabtrap.expr.methods import (  # noqa: PLC0415 - slow to import
        changing_maps,
        changing_options,
        changing_sequences,
        changing_texts,
        functions,
        on_bytes,
        on_chars,
        on_every_type,
        on_floats,
        on_integers,
        on_iterators,
        on_maps,
        on_options,
        on_ranges,
        on_sequences,
        on_slice_parts,
        on_texts,
        on_times,
        on_wrappers,
        reductions,
    )
    from crabtrap.expr.methods.table import MethodTable, Section  # noqa: PLC0415
    from crabtrap.expr.typing.terms import SIGNED, UNSIGNED  # noqa: PLC0415

    sections = (
        Section("{integer}", on_integers.INTEGER),
        Section("{signed}", on_integers.SIGNED),
        *(
            Section(f"impl {name}", on_integers.different_width(name))
            for name in sorted(SIGNED, key=lambda name: (len(name), name))
        ),
        Section("{unsigned}", on_integers.UNSIGNED),
        *(
            Section(f"impl {name}", on_integers.of_width(name))
            for name in sorted(SIGNED | UNSIGNED, key=lambda name: (len(name), name))
        ),
        Section("impl u8", on_bytes.BYTE),
        Section("{float}", on_floats.FLOAT),
        Section("impl f32", on_floats.SINGLE),
        Section("impl f64", on_floats.DOUBLE),
        Section("impl char", on_chars.CHAR),
        Section("impl bool", on_chars.BOOL),
        Section("impl str", on_texts.TEXT),
        Section("impl String", on_texts.STRING),
        *(Section(f"impl {name}", on_texts.PATH) for name in ("Path", "PathBuf")),
        Section("impl PathBuf", on_texts.PATH_BUF),
        *(Section(f"impl {name}", on_texts.SYSTEM_TEXT) for name in ("OsStr", "OsString")),
        Section("impl OsString", on_texts.OS_STRING),
        *(Section(f"impl {name}", on_texts.C_TEXT) for name in ("CStr", "CString")),
        Section("impl CString", on_texts.C_STRING),
        Section("impl<T> Vec<T>", on_sequences.VECTOR),
        Section("impl<T, N> [T; N]", on_sequences.ARRAY),
        Section("impl [u8]", on_sequences.BYTES),
        Section("impl<T> [T]", on_sequences.SLICE),
        Section("impl<T> [T]", on_slice_parts.PARTS),
        Section("impl<T, N> [[T; N]]", on_sequences.OF_ARRAYS),
        Section("impl<T> [T]", changing_sequences.SLICE_ITEMS),
        Section("impl<T> [T]", changing_sequences.SLICE, changes=True),
        Section("impl<T> Vec<T>", changing_sequences.VECTOR, changes=True),
        Section("impl<T> VecDeque<T>", changing_sequences.DEQUE, changes=True),
        Section("impl String", changing_texts.STRING, changes=True),
        Section("impl<T> VecDeque<T>", on_sequences.DEQUE),
        Section("impl<T> VecDeque<T>", on_sequences.DEQUE_ONLY),
        Section("impl<T> LinkedList<T>", on_sequences.DEQUE),
        Section("impl<T> BinaryHeap<T>", on_sequences.HEAP),
        Section("impl<K, V> HashMap<K, V>", on_maps.HASH_MAP),
        Section("impl<K, V> BTreeMap<K, V>", on_maps.TREE_MAP),
        Section("impl<T> HashSet<T>", on_maps.HASH_SET),
        Section("impl<T> BTreeSet<T>", on_maps.TREE_SET),
        *(
            Section(f"impl<K, V> {name}<K, V>", changing_maps.MAP, changes=True)
            for name in ("HashMap", "BTreeMap")
        ),
        *(
            Section(f"impl<T> {name}<T>", changing_maps.SET, changes=True)
            for name in ("HashSet", "BTreeSet")
        ),
        Section("impl<K, V> BTreeMap<K, V>", changing_maps.TREE_MAP, changes=True),
        Section("impl<T> BTreeSet<T>", changing_maps.TREE_SET, changes=True),
        Section("impl<K, V, M> Entry<K, V, M>", changing_maps.ENTRY),
        Section("impl<T> Option<&T>", on_options.OPTION_OF_REFERENCE),
        Section("impl<T> Option<&mut T>", on_options.OPTION_OF_REFERENCE),
        Section("impl<T> Option<Option<T>>", on_options.OPTION_OF_OPTION),
        Section("impl<T, E> Option<Result<T, E>>", on_options.OPTION_OF_RESULT),
        Section("impl<A, B> Option<(A, B)>", on_options.OPTION_OF_PAIR),
        Section("impl<T> Option<T>", on_options.OPTION),
        Section("impl<T> Option<T>", changing_options.OPTION, changes=True),
        Section("impl<T, E> Result<&T, E>", on_options.RESULT_OF_REFERENCE),
        Section("impl<T, E> Result<Option<T>, E>", on_options.RESULT_OF_OPTION),
        Section("impl<T, E> Result<T, E>", on_options.RESULT),
        Section("impl Ordering", on_options.ORDERING),
        Section("impl<T> Iter<&T>", on_iterators.BORROWED),
        Section("impl<T: IntoIterator<B>, B> Iter<T>", on_iterators.NESTED),
        Section("impl<A, B> Iter<(A, B)>", reductions.OF_PAIRS),
        Section("impl Shown<char>", on_iterators.OF_CHARS),
        Section("impl<T> Iter<T>", on_iterators.ITERATOR),
        Section("impl<T> Peekable<T>", on_iterators.PEEKABLE),
        Section("impl<T> Ends<T>", on_iterators.REVERSIBLE),
        Section("impl<T> Ends<T>", reductions.FROM_BOTH_ENDS),
        Section("impl<T> Exact<T>", reductions.EXACT),
        Section("impl<T> Length<T>", reductions.WITH_LENGTH),
        *(
            Section(f"impl<T> {name}<T>", on_ranges.CONTAINS)
            for name in ("Range", "RangeInclusive", "RangeFrom", "RangeTo", "RangeToInclusive")
        ),
        *(Section(f"impl<T> {n}<T>", on_ranges.EMPTY) for n in ("Range", "RangeInclusive")),
        Section("impl<T> RangeInclusive<T>", on_ranges.ENDS),
        Section("impl<T> Cell<T>", on_wrappers.CELL),
        Section("impl<T> RefCell<T>", on_wrappers.REF_CELL),
        Section("impl<T> RefCell<T>", on_wrappers.REF_CELL_STATE, extension=True),
        *(
            Section(f"impl<T> {name}<T>", on_wrappers.made(name))
            for name in ("Cell", "RefCell", "Mutex", "RwLock", "OnceCell", "OnceLock")
        ),
        Section("impl Cow<str>", on_wrappers.COW),
        Section("impl<T> Mutex<T>", on_wrappers.MUTEX),
        Section("impl<T> RwLock<T>", on_wrappers.READ_WRITE_LOCK),
        *(Section(f"impl<T> {name}<T>", on_wrappers.LOCK) for name in ("Mutex", "RwLock")),
        *(
            Section(f"impl<T> {name}<T>", on_wrappers.LOCK_STATE, extension=True)
            for name in ("Mutex", "RwLock")
        ),
        *(Section(f"impl<T> {name}<T>", on_wrappers.ONCE) for name in ("OnceCell", "OnceLock")),
        *(
            Section(f"impl<T> {name}<T>", on_wrappers.SHARED, extension=True)
            for name in ("Rc", "Arc")
        ),
        *(Section(f"impl<T> {name}<T>", on_wrappers.BOXED) for name in ("Box", "Rc", "Arc")),
        Section("impl<T> Weak<T>", on_wrappers.WEAK),
        Section("impl<T> Atomic<T>", on_wrappers.ATOMIC),
        Section("impl<T> NonZero<T>", on_wrappers.NON_ZERO),
        Section("impl<T> *const T", on_wrappers.POINTER),
        Section("impl<T> *mut T", on_wrappers.POINTER),
        Section("impl<T> *const [T]", on_wrappers.SLICE_POINTER),
        Section("impl<T> *mut [T]", on_wrappers.SLICE_POINTER),
        Section("impl<T> *const T", on_wrappers.POINTER_READ),
        Section("impl<T> *mut T", on_wrappers.POINTER_READ),
        Section("impl Duration", on_times.DURATION),
        Section("impl Instant", on_times.INSTANT),
        Section("impl Self", on_every_type.EVERY_TYPE),
        Section("mod iter", functions.ITER),
        Section("mod mem", functions.MEM),
        Section("mod convert", functions.CONVERT),
        Section("impl Self", on_every_type.ITERABLE),
        Section("impl Self", on_every_type.THREAD_LOCAL, extension=True),
    )
    return MethodTable(sections)
