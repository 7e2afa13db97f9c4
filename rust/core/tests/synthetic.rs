//! Debug information that rustc does not write, or not yet, or never should.

mod synthetic_image;

use crabtrap_core::{DieId, Monitor, TypeKind};
use gimli::write::{
    Address, AttributeValue, DebugInfoRef, Dwarf, Expression, LineProgram, Range, RangeList, Unit,
};
use gimli::{Encoding, Format};
use synthetic_image::{SyntheticUnit, TEXT, add_named, image_of_units};

fn type_named(image: &crabtrap_core::Image, name: &str) -> DieId {
    let found = image.find_types(name);
    assert_eq!(found.len(), 1, "{name}");
    found[0]
}

#[test]
fn specifications_in_a_circle_end() {
    let mut synthetic = SyntheticUnit::new(4);
    let root = synthetic.root();
    let one = synthetic.add(root, gimli::DW_TAG_subprogram, "one");
    let other = synthetic.add(root, gimli::DW_TAG_subprogram, "other");
    synthetic.refer(one, gimli::DW_AT_specification, other);
    synthetic.refer(other, gimli::DW_AT_abstract_origin, one);
    synthetic.code(one, 0, 16);
    synthetic.refer(one, gimli::DW_AT_abstract_origin, one);
    let image = synthetic.image();
    let function = image.function_at(TEXT).unwrap();
    assert_eq!(function.name, "one");
    assert!(image.variables(function.die).unwrap().is_empty());
    assert_eq!(
        image
            .find_functions("one", &Monitor::default())
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn types_made_of_themselves_have_no_size() {
    let mut synthetic = SyntheticUnit::new(5);
    let root = synthetic.root();
    let alias = synthetic.add(root, gimli::DW_TAG_typedef, "Alias");
    synthetic.refer(alias, gimli::DW_AT_type, alias);
    let array = synthetic.add(root, gimli::DW_TAG_typedef, "Array");
    let items = synthetic.dwarf.unit.add(root, gimli::DW_TAG_array_type);
    synthetic.refer(array, gimli::DW_AT_type, items);
    synthetic.refer(items, gimli::DW_AT_type, array);
    let range = synthetic.dwarf.unit.add(items, gimli::DW_TAG_subrange_type);
    synthetic.set(range, gimli::DW_AT_count, AttributeValue::Udata(1 << 40));
    let image = synthetic.image();
    for name in ["Alias", "Array"] {
        let found = image.type_at(type_named(&image, name)).unwrap();
        assert_eq!((found.kind, found.size), (TypeKind::Typedef, None));
    }
}

#[test]
fn bit_fields_of_both_styles() {
    let mut synthetic = SyntheticUnit::new(4);
    let root = synthetic.root();
    let number = synthetic.add(root, gimli::DW_TAG_base_type, "unsigned int");
    synthetic.set(number, gimli::DW_AT_byte_size, AttributeValue::Udata(4));
    let flags = synthetic.add(root, gimli::DW_TAG_structure_type, "Flags");
    let new = synthetic.add(flags, gimli::DW_TAG_member, "new");
    synthetic.refer(new, gimli::DW_AT_type, number);
    synthetic.set(new, gimli::DW_AT_bit_size, AttributeValue::Udata(3));
    synthetic.set(new, gimli::DW_AT_data_bit_offset, AttributeValue::Udata(37));
    let old = synthetic.add(flags, gimli::DW_TAG_member, "old");
    synthetic.refer(old, gimli::DW_AT_type, number);
    synthetic.set(old, gimli::DW_AT_byte_size, AttributeValue::Udata(4));
    synthetic.set(old, gimli::DW_AT_bit_size, AttributeValue::Udata(5));
    synthetic.set(old, gimli::DW_AT_bit_offset, AttributeValue::Udata(20));
    synthetic.set(
        old,
        gimli::DW_AT_data_member_location,
        AttributeValue::Udata(8),
    );
    let image = synthetic.image();
    let members = image.type_at(type_named(&image, "Flags")).unwrap().members;
    let positions: Vec<_> = members
        .iter()
        .map(|member| (member.offset, member.bit_offset, member.bit_size))
        .collect();
    assert_eq!(positions, [(4, 5, 3), (8, 7, 5)]);
}

#[test]
fn variants_may_be_selected_by_ranges() {
    let mut synthetic = SyntheticUnit::new(5);
    let root = synthetic.root();
    let number = synthetic.add(root, gimli::DW_TAG_base_type, "i8");
    synthetic.set(number, gimli::DW_AT_byte_size, AttributeValue::Udata(1));
    let signed = AttributeValue::Encoding(gimli::DW_ATE_signed);
    synthetic.set(number, gimli::DW_AT_encoding, signed);
    let choice = synthetic.add(root, gimli::DW_TAG_structure_type, "Choice");
    let part = synthetic.dwarf.unit.add(choice, gimli::DW_TAG_variant_part);
    let tag = synthetic.dwarf.unit.add(part, gimli::DW_TAG_member);
    synthetic.refer(tag, gimli::DW_AT_type, number);
    synthetic.refer(part, gimli::DW_AT_discr, tag);
    // A label -1, then a range 2 to 5, as signed LEB128.
    for (list, name) in [(vec![0, 0x7f, 1, 2, 5], "Some"), (vec![9], "Damaged")] {
        let variant = synthetic.dwarf.unit.add(part, gimli::DW_TAG_variant);
        synthetic.set(
            variant,
            gimli::DW_AT_discr_list,
            AttributeValue::Block(list),
        );
        let member = synthetic.add(variant, gimli::DW_TAG_member, name);
        synthetic.refer(member, gimli::DW_AT_type, number);
    }
    let image = synthetic.image();
    let found = image.type_at(type_named(&image, "Choice")).unwrap();
    assert_eq!(found.kind, TypeKind::Enum);
    let variants = found.variants.unwrap().variants;
    assert_eq!(variants[0].discriminants, [(0xff, 0xff), (2, 5)]);
    assert_eq!(variants[1].discriminants, []);
}

#[test]
fn constants_have_the_size_of_their_type() {
    let mut synthetic = SyntheticUnit::new(4);
    let root = synthetic.root();
    let wide = synthetic.add(root, gimli::DW_TAG_base_type, "i128");
    synthetic.set(wide, gimli::DW_AT_byte_size, AttributeValue::Udata(16));
    let narrow = synthetic.add(root, gimli::DW_TAG_base_type, "u16");
    synthetic.set(narrow, gimli::DW_AT_byte_size, AttributeValue::Udata(2));
    let function = synthetic.add(root, gimli::DW_TAG_subprogram, "function");
    synthetic.code(function, 0, 8);
    for (name, kind, value) in [
        ("minus", wide, AttributeValue::Sdata(-2)),
        ("small", narrow, AttributeValue::Data4(0x1_0203)),
        ("block", narrow, AttributeValue::Block(vec![7])),
        ("text", narrow, AttributeValue::String(b"ab".to_vec())),
    ] {
        let variable = synthetic.add(function, gimli::DW_TAG_variable, name);
        synthetic.refer(variable, gimli::DW_AT_type, kind);
        synthetic.set(variable, gimli::DW_AT_const_value, value);
    }
    let image = synthetic.image();
    let function = image.function_at(TEXT).unwrap();
    let constants: Vec<_> = image
        .variables(function.die)
        .unwrap()
        .into_iter()
        .map(|variable| variable.constant.unwrap())
        .collect();
    let mut minus = vec![0xff; 16];
    minus[0] = 0xfe;
    assert_eq!(constants, [minus, vec![3, 2], vec![7, 0], b"ab".to_vec()]);
}

#[test]
fn a_function_in_parts_is_entered_at_the_first_one_listed() {
    for version in [4, 5] {
        let mut synthetic = SyntheticUnit::new(version);
        let root = synthetic.root();
        let function = synthetic.add(root, gimli::DW_TAG_subprogram, "split");
        let part = |start: u64, end: u64| Range::StartEnd {
            begin: Address::Constant(TEXT + start),
            end: Address::Constant(TEXT + end),
        };
        // The linker discarded the last part.
        let discarded = Range::StartEnd {
            begin: Address::Constant(1),
            end: Address::Constant(8),
        };
        let list = RangeList(vec![part(0x100, 0x120), part(0x10, 0x20), discarded]);
        let list = synthetic.dwarf.unit.ranges.add(list);
        synthetic.set(
            function,
            gimli::DW_AT_ranges,
            AttributeValue::RangeListRef(list),
        );
        let block = synthetic
            .dwarf
            .unit
            .add(function, gimli::DW_TAG_lexical_block);
        let inner = synthetic.add(block, gimli::DW_TAG_variable, "inner");
        let nowhere = AttributeValue::Exprloc(Expression::new());
        synthetic.set(inner, gimli::DW_AT_location, nowhere);
        let image = synthetic.image();
        let found = image.function_at(TEXT + 0x18).unwrap();
        assert_eq!(found.entry, TEXT + 0x100);
        let ranges = [(TEXT + 0x10, TEXT + 0x20), (TEXT + 0x100, TEXT + 0x120)];
        assert_eq!(found.ranges, ranges);
        assert_eq!(image.function_at(TEXT + 0x30), None);
        let variables = image.variables(found.die).unwrap();
        assert_eq!(
            (variables[0].depth, &variables[0].ranges[..]),
            (1, &ranges[..])
        );
    }
}

#[test]
fn origins_may_lie_in_another_unit() {
    let encoding = Encoding {
        format: Format::Dwarf32,
        version: 4,
        address_size: 8,
    };
    let mut dwarf = Dwarf::new();
    let units = &mut dwarf.units;
    let [first, second] = [(); 2].map(|()| units.add(Unit::new(encoding, LineProgram::none())));
    let root = units.get(first).root();
    let module = add_named(units, first, root, gimli::DW_TAG_namespace, "module");
    let origin = add_named(units, first, module, gimli::DW_TAG_subprogram, "shared");
    let inline = AttributeValue::Inline(gimli::DW_INL_inlined);
    units
        .get_mut(first)
        .get_mut(origin)
        .set(gimli::DW_AT_inline, inline);
    add_named(units, first, origin, gimli::DW_TAG_variable, "lost");

    let root = units.get(second).root();
    let caller = add_named(units, second, root, gimli::DW_TAG_subprogram, "caller");
    let unit = units.get_mut(second);
    let instance = unit.add(caller, gimli::DW_TAG_inlined_subroutine);
    for (id, size) in [(caller, 32_u64), (instance, 16)] {
        let entry = unit.get_mut(id);
        let start = AttributeValue::Address(Address::Constant(TEXT));
        entry.set(gimli::DW_AT_low_pc, start);
        entry.set(gimli::DW_AT_high_pc, AttributeValue::Udata(size));
    }
    let target = AttributeValue::DebugInfoRef(DebugInfoRef::Entry(first, origin));
    unit.get_mut(instance)
        .set(gimli::DW_AT_abstract_origin, target);
    unit.get_mut(instance)
        .set(gimli::DW_AT_call_line, AttributeValue::Udata(9));

    let image = image_of_units(dwarf);
    let chain = image.inline_chain(TEXT + 4);
    let names: Vec<_> = chain.iter().map(|function| &*function.name).collect();
    assert_eq!(names, ["module::shared", "caller"]);
    assert_eq!(image.inline_chain(TEXT + 20).len(), 1);
    assert_eq!(
        image.find_inlined("shared", &Monitor::default()).unwrap(),
        chain[..1]
    );
    assert_eq!(chain[0].call.as_ref().unwrap().line, 9);
    let variables = image.variables(chain[0].die).unwrap();
    assert_eq!(variables[0].name, "lost");
    assert!(!variables[0].has_location);
}
