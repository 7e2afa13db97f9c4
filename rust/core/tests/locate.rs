//! Finds the variables of this very test in its own memory.

#![allow(missing_docs)]

mod process;

use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void};
use std::fs::File;
use std::hint::black_box;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crabtrap_core::location::{Absent, FrameContext, Piece, ValueLocation};
use crabtrap_core::memory::{FileMemory, read_vec};
use crabtrap_core::registers::Registers;
use crabtrap_core::unwind::unwind;
use crabtrap_core::{DebugLevel, Image, Variable};

use process::{module_map, open_mapping, own_registers, read_mappings};

static COUNTER: AtomicU64 = AtomicU64::new(0x1122_3344_5566_7788);

thread_local! {
    static MARK: Cell<u64> = const { Cell::new(77) };
}

#[repr(C)]
struct LoadedObject {
    bias: u64,
    name: *const c_char,
    headers: *const c_void,
    header_count: u16,
    added: u64,
    removed: u64,
    tls_module: usize,
    tls_block: *const c_void,
}

unsafe extern "C" {
    fn dl_iterate_phdr(
        callback: extern "C" fn(*const LoadedObject, usize, *mut u64) -> c_int,
        argument: *mut u64,
    ) -> c_int;
}

/// The first object is the program itself.
extern "C" fn note_first(object: *const LoadedObject, _: usize, block: *mut u64) -> c_int {
    // SAFETY: the dynamic linker's structure, and the number that `own_tls_block` passes.
    unsafe { *block = (*object).tls_block as u64 };
    1
}

/// Address of the program's thread-local storage in this thread.
fn own_tls_block() -> u64 {
    let mut block = 0;
    // SAFETY: the callback writes to the number while it is alive.
    unsafe { dl_iterate_phdr(note_first, &raw mut block) };
    block
}

/// The test program, or `None` with a remark where it was built without variables.
fn own_image(memory: &FileMemory) -> Option<(Arc<Image>, u64)> {
    let here = own_image as *const () as u64;
    let mappings = read_mappings("self");
    let own = mappings
        .iter()
        .find(|mapping| (mapping.start..mapping.end).contains(&here));
    let opened = open_mapping(own.expect("code is mapped"), memory).expect("a module");
    if opened.0.debug_level() != DebugLevel::Full {
        eprintln!("skipped: this build has no variables in its debug information");
        return None;
    }
    Some(opened)
}

fn own_memory() -> FileMemory {
    FileMemory::new(File::open("/proc/self/mem").expect("own memory"))
}

/// The static of that name, or the ones std made for the thread-local of that name.
fn find_statics(image: &Image, name: &str) -> Vec<Variable> {
    let plain = image.find_statics(name);
    if !plain.is_empty() {
        return plain;
    }
    let scope = format!("{name}::");
    let inner = ["VAL", "__RUST_STD_INTERNAL_VAL"].map(|inner| image.find_statics(inner));
    let inner = inner.into_iter().flatten();
    inner
        .filter(|variable| variable.path.starts_with(&scope))
        .collect()
}

fn address(pieces: &[Piece]) -> u64 {
    match pieces {
        [
            Piece {
                location: ValueLocation::Memory(address),
                size: 0,
                bit_offset: 0,
                ..
            },
        ] => *address,
        other => panic!("one location in memory, not {other:?}"),
    }
}

#[test]
fn statics_are_where_the_linker_put_them() {
    let memory = own_memory();
    let Some((image, bias)) = own_image(&memory) else {
        return;
    };
    COUNTER.fetch_add(0, Ordering::Relaxed);
    let context = FrameContext {
        pc: 0,
        bias,
        registers: &Registers::UNKNOWN,
        cfa: None,
        memory: &memory,
        tls: None,
    };
    let [variable] = &find_statics(&image, "locate::COUNTER")[..] else {
        panic!("there is one such static");
    };
    let pieces = image
        .locate(variable.die, &context)
        .expect("it is an entry");
    assert_eq!(address(&pieces), ptr::from_ref(&COUNTER) as u64);
}

#[test]
fn thread_locals_are_in_the_block_of_their_thread() {
    let memory = own_memory();
    let Some((image, bias)) = own_image(&memory) else {
        return;
    };
    let variables = find_statics(&image, "locate::MARK");
    let locate = |tls| {
        let context = FrameContext {
            pc: 0,
            bias,
            registers: &Registers::UNKNOWN,
            cfa: None,
            memory: &memory,
            tls,
        };
        let locations = variables
            .iter()
            .map(|variable| image.locate(variable.die, &context));
        let mut locations: Vec<_> = locations
            .map(|pieces| pieces.expect("it is an entry"))
            .collect();
        // Of the two that std makes, the unused one may be left out.
        let discarded = [Piece::whole(ValueLocation::Absent(Absent::Discarded))];
        locations.retain(|pieces| *pieces != discarded);
        assert_eq!(locations.len(), 1, "{variables:?}");
        locations.remove(0)
    };
    let here = MARK.with(|mark| ptr::from_ref(mark) as u64);
    assert_eq!(address(&locate(Some(own_tls_block()))), here);
    let other = std::thread::spawn(|| {
        let address = MARK.with(|mark| ptr::from_ref(mark) as u64);
        (own_tls_block(), address)
    });
    let (block, there) = other.join().expect("the thread ends well");
    assert_eq!(address(&locate(Some(block))), there);
    assert_ne!(here, there);
    let unknown = [Piece::whole(ValueLocation::Absent(Absent::ThreadLocal))];
    assert_eq!(locate(None), unknown);
}

/// The caller's frame, as far as it is known, and its variables by name.
struct Frame {
    image: Arc<Image>,
    bias: u64,
    memory: FileMemory,
    registers: Registers,
    cfa: Option<u64>,
    variables: Vec<Variable>,
}

impl Frame {
    fn new(registers: Registers) -> Option<Self> {
        let memory = own_memory();
        let (image, bias) = own_image(&memory)?;
        let modules = module_map(&read_mappings("self"), &memory);
        let cfa = unwind(&modules, &registers, &memory, 1)
            .cfas()
            .next()
            .flatten();
        let pc = registers.pc().expect("it was read").wrapping_sub(bias);
        let chain = image.inline_chain(pc);
        let function = chain.last().expect("the function is known");
        let variables = image.variables(function.die).expect("it is a function");
        Some(Self {
            image,
            bias,
            memory,
            registers,
            cfa,
            variables,
        })
    }

    fn pc(&self) -> u64 {
        self.registers.pc().unwrap_or(0).wrapping_sub(self.bias)
    }

    fn locate(&self, variable: &Variable) -> Vec<Piece> {
        let context = FrameContext {
            pc: self.pc(),
            bias: self.bias,
            registers: &self.registers,
            cfa: self.cfa,
            memory: &self.memory,
            tls: None,
        };
        self.image
            .locate(variable.die, &context)
            .expect("it is an entry")
    }

    /// Bytes of the innermost variable of that name that is in scope.
    fn bytes(&self, name: &str, size: usize) -> Vec<u8> {
        let pc = self.pc();
        let covers = |variable: &&Variable| {
            variable
                .ranges
                .iter()
                .any(|&(start, end)| (start..end).contains(&pc))
        };
        let named = self
            .variables
            .iter()
            .filter(|variable| variable.name == name);
        let variable = named.filter(covers).max_by_key(|variable| variable.depth);
        let pieces = self.locate(variable.expect("it is in scope"));
        read_vec(&self.memory, address(&pieces), size)
    }
}

#[inline(never)]
fn with_locals(byte: u8, wide: i128, words: &[u32; 3]) -> Option<()> {
    let copied = *words;
    let shadowed = black_box(1_u16);
    let captured = move || shadowed + 1;
    black_box(&captured);
    black_box((&byte, &wide, &copied, &shadowed));
    {
        let shadowed = black_box(0xbeef_u16);
        let frame = Frame::new(own_registers())?;
        assert_eq!(frame.bytes("shadowed", 2), shadowed.to_le_bytes());
        assert_eq!(frame.bytes("byte", 1), [byte]);
        assert_eq!(frame.bytes("wide", 16), wide.to_le_bytes());
        assert_eq!(
            frame.bytes("copied", 12),
            copied.map(u32::to_le_bytes).concat()
        );
        let reference = (ptr::from_ref(words) as u64).to_le_bytes();
        assert_eq!(frame.bytes("words", 8), reference);
        assert_eq!(frame.bytes("captured", 2), 1_u16.to_le_bytes());
    }
    Some(())
}

#[test]
fn locals_and_parameters_hold_their_values() {
    // Without debug information the first look at the frame says so and ends it.
    black_box(with_locals(0x5a, -3 << 100, &[1, 2, 3]));
}

#[test]
fn a_frame_without_registers_says_what_is_missing() {
    let Some(mut frame) = Frame::new(own_registers()) else {
        return;
    };
    frame.registers = Registers::UNKNOWN;
    frame.cfa = None;
    let variable = frame
        .variables
        .iter()
        .find(|variable| variable.name == "frame");
    let pieces = frame.locate(variable.expect("it has an entry"));
    let [
        Piece {
            location: ValueLocation::Absent(reason),
            ..
        },
    ] = &pieces[..]
    else {
        panic!("nothing, not {pieces:?}");
    };
    assert!(matches!(reason, Absent::Register(6 | 7)), "{reason}");
}
