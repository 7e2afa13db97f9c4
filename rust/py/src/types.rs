//! Types, member by member.

use crabtrap_core as core;
use pyo3::prelude::*;
use pyo3::types::PyTuple;

/// A field.
#[pyclass(frozen, get_all, module = "crabtrap._core")]
pub(crate) struct Member {
    name: String,
    #[pyo3(name = "type")]
    type_die: u64,
    offset: u64,
    bit_offset: u64,
    bit_size: u64,
    artificial: bool,
    alignment: u64,
}

impl From<core::Member> for Member {
    fn from(member: core::Member) -> Self {
        Self {
            name: member.name,
            type_die: member.type_die.0,
            offset: member.offset,
            bit_offset: member.bit_offset,
            bit_size: member.bit_size,
            artificial: member.artificial,
            alignment: member.alignment,
        }
    }
}

#[pymethods]
impl Member {
    fn __repr__(&self) -> String {
        format!("Member({:?}, offset={})", self.name, self.offset)
    }
}

/// One variant of an enum or coroutine.
#[pyclass(frozen, get_all, module = "crabtrap._core")]
pub(crate) struct Variant {
    name: String,
    discriminants: Py<PyTuple>,
    #[pyo3(name = "type")]
    type_die: u64,
    offset: u64,
    declaration_path: Option<String>,
    declaration_line: u32,
}

impl Variant {
    fn new(py: Python<'_>, variant: core::Variant) -> PyResult<Py<Self>> {
        let variant = Self {
            name: variant.name,
            discriminants: PyTuple::new(py, variant.discriminants)?.unbind(),
            type_die: variant.type_die.0,
            offset: variant.offset,
            declaration_path: variant.declaration.path.as_deref().map(str::to_owned),
            declaration_line: variant.declaration.line,
        };
        Py::new(py, variant)
    }
}

#[pymethods]
impl Variant {
    fn __repr__(&self) -> String {
        format!("Variant({:?})", self.name)
    }
}

/// `DW_TAG_variant_part`.
#[pyclass(frozen, get_all, module = "crabtrap._core")]
pub(crate) struct VariantPart {
    discriminant: Option<Py<Member>>,
    variants: Py<PyTuple>,
}

impl VariantPart {
    fn new(py: Python<'_>, part: core::VariantPart) -> PyResult<Py<Self>> {
        let discriminant = part.discriminant.map(Member::from);
        let discriminant = discriminant.map(|member| Py::new(py, member)).transpose()?;
        let variants = part
            .variants
            .into_iter()
            .map(|variant| Variant::new(py, variant))
            .collect::<PyResult<Vec<_>>>()?;
        let part = Self {
            discriminant,
            variants: PyTuple::new(py, variants)?.unbind(),
        };
        Py::new(py, part)
    }
}

/// One type entry, not followed further.
#[pyclass(frozen, get_all, module = "crabtrap._core")]
pub(crate) struct Type {
    die: u64,
    kind: &'static str,
    name: String,
    path: String,
    size: Option<u64>,
    alignment: u64,
    encoding: &'static str,
    target: Option<u64>,
    count: Option<u64>,
    members: Py<PyTuple>,
    variants: Option<Py<VariantPart>>,
    enumerators: Py<PyTuple>,
    template_arguments: Py<PyTuple>,
    parameters: Py<PyTuple>,
    containing: Option<u64>,
    declaration_path: Option<String>,
    declaration_line: u32,
    is_tuple: bool,
    language: &'static str,
}

impl Type {
    pub(crate) fn new(py: Python<'_>, kind: core::Type) -> PyResult<Self> {
        let members = kind.members.into_iter().map(Member::from);
        let members = members
            .map(|member| Py::new(py, member))
            .collect::<PyResult<Vec<_>>>()?;
        Ok(Self {
            die: kind.die.0,
            kind: kind_name(kind.kind),
            name: kind.name,
            path: kind.path,
            size: kind.size,
            alignment: kind.alignment,
            encoding: encoding_name(kind.encoding),
            target: kind.target.map(|die| die.0),
            count: kind.count,
            members: PyTuple::new(py, members)?.unbind(),
            variants: kind
                .variants
                .map(|part| VariantPart::new(py, part))
                .transpose()?,
            enumerators: PyTuple::new(py, kind.enumerators)?.unbind(),
            template_arguments: template_arguments(py, kind.template_arguments)?,
            parameters: PyTuple::new(py, kind.parameters.iter().map(|die| die.0))?.unbind(),
            containing: kind.containing.map(|die| die.0),
            declaration_path: kind.declaration.path.as_deref().map(str::to_owned),
            declaration_line: kind.declaration.line,
            is_tuple: kind.is_tuple,
            language: language_name(kind.language),
        })
    }
}

#[pymethods]
impl Type {
    fn __repr__(&self) -> String {
        format!("Type({:?}, {})", self.path, self.kind)
    }
}

/// `(name, die)` pairs.
pub(crate) fn template_arguments(
    py: Python<'_>,
    arguments: Vec<(String, core::DieId)>,
) -> PyResult<Py<PyTuple>> {
    let pairs: Vec<(String, u64)> = arguments
        .into_iter()
        .map(|(name, die)| (name, die.0))
        .collect();
    Ok(PyTuple::new(py, pairs)?.unbind())
}

fn kind_name(kind: core::TypeKind) -> &'static str {
    match kind {
        core::TypeKind::Base => "base",
        core::TypeKind::Pointer => "pointer",
        core::TypeKind::Reference => "reference",
        core::TypeKind::Struct => "struct",
        core::TypeKind::Union => "union",
        core::TypeKind::Enum => "enum",
        core::TypeKind::Array => "array",
        core::TypeKind::Function => "function",
        core::TypeKind::Typedef => "typedef",
        core::TypeKind::Const => "const",
        core::TypeKind::Volatile => "volatile",
        core::TypeKind::Unit => "unit",
        core::TypeKind::Never => "never",
        core::TypeKind::Opaque => "opaque",
    }
}

fn encoding_name(encoding: core::Encoding) -> &'static str {
    match encoding {
        core::Encoding::None => "",
        core::Encoding::Bool => "bool",
        core::Encoding::Char => "char",
        core::Encoding::Signed => "signed",
        core::Encoding::Unsigned => "unsigned",
        core::Encoding::Float => "float",
        core::Encoding::Address => "address",
    }
}

fn language_name(language: core::Language) -> &'static str {
    match language {
        core::Language::Rust => "rust",
        core::Language::C => "c",
        core::Language::Cpp => "c++",
        core::Language::Other => "other",
    }
}
