//! Types, one entry at a time: what they are, their fields, variants and sizes.
//!
//! A type is described as DWARF has it and names the types it consists of by number; nothing
//! here follows those, except to find a size.  What a type means to a reader, say that it is a
//! `Vec`, is not known here.

mod description;
mod function_items;
mod kind;
mod member;
mod number;
mod signature;
mod size;
mod variant;

pub use description::Type;
pub(crate) use function_items::FunctionUses;
pub use kind::{Encoding, Language, TypeKind};
pub use member::Member;
pub use variant::{Variant, VariantPart};
