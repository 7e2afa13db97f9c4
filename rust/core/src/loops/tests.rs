use super::{ChainText, EndText, NodeText, Numbers, Piece, Program, Run, Status, Word};

fn node(operation: &str, type_: &str, numbers: &[Word]) -> NodeText {
    (operation.into(), type_.into(), numbers.to_vec())
}

/// `v.iter().filter(|x| *x > 2)`, which emits the numbers of the items.
fn filter() -> Program {
    let nodes = [
        node("register", "", &[0]),
        node("load", "u8", &[0, 1, 0, 0, -1]),
        node("const", "", &[2]),
        node("gt", "u8", &[1, 2]),
    ];
    let chain = ChainText {
        position: 0,
        stages: vec![("filter".into(), 0, 3)],
        end: EndText::Emit(vec![0]),
    };
    Program::new(&nodes, &[chain], 1, 1).expect("the program is valid")
}

fn numbers(count: u64) -> Numbers {
    Numbers {
        start: 0,
        step: 1,
        count,
        width: 1,
        length: count,
    }
}

fn piece(first: u64, bytes: &[u8]) -> Piece<'_> {
    Piece {
        first,
        stride: 1,
        bytes,
    }
}

#[test]
fn a_loop_asks_for_what_it_needs_and_goes_on_there() {
    let mut run = Run::new(filter(), vec![0], vec![], numbers(5));
    assert_eq!(run.feed(piece(0, &[]), 10, 10), Status::Needs(0));
    assert_eq!(run.feed(piece(0, &[1, 3, 5]), 10, 10), Status::Needs(3));
    assert_eq!(run.feed(piece(3, &[0, 9]), 10, 10), Status::Done);
    assert_eq!(run.take_emitted(), [1, 2, 4]);
    assert_eq!(run.done(), 5);
}

#[test]
fn a_loop_stops_for_room_and_for_a_look_around() {
    let mut run = Run::new(filter(), vec![0], vec![], numbers(4));
    let bytes = [3, 3, 3, 3];
    assert_eq!(run.feed(piece(0, &bytes), 10, 2), Status::Full);
    assert_eq!(run.take_emitted(), [0, 1]);
    assert_eq!(run.feed(piece(0, &bytes), 1, 2), Status::Paused);
    assert_eq!(run.feed(piece(0, &bytes), 10, 9), Status::Done);
}

/// The value of one operation on constants.
fn value(name: &str, type_: &str, numbers: &[Word]) -> Option<Word> {
    let mut nodes: Vec<NodeText> = numbers
        .iter()
        .map(|&number| node("const", "", &[number]))
        .collect();
    let operands: Vec<Word> = (0..numbers.len() as Word).collect();
    nodes.push(node(name, type_, &operands));
    let program = Program::new(&nodes, &[ChainText::default()], 1, 1).expect("it is valid");
    let mut run = Run::new(program, vec![0], vec![], self::numbers(0));
    run.evaluate(nodes.len() as u32 - 1, piece(0, &[]))
}

fn float(value: f64) -> Word {
    Word::from(value.to_bits())
}

#[test]
fn operators_follow_the_widths_and_signs_of_their_types() {
    assert_eq!(value("add", "u8", &[200, 55]), Some(255));
    assert_eq!(value("add", "u8", &[200, 56]), None);
    assert_eq!(value("sub", "i8", &[-100, 28]), Some(-128));
    assert_eq!(value("div", "i32", &[-7, 2]), Some(-3));
    assert_eq!(value("div", "i32", &[i128::from(i32::MIN), -1]), None);
    assert_eq!(value("rem", "u64", &[7, 0]), None);
    assert_eq!(value("shl", "u16", &[1, 16]), None);
    assert_eq!(value("wrapping_mul", "u32", &[1 << 31, 2]), Some(0));
    assert_eq!(
        value("gt", "u128", &[-1, 5]),
        Some(1),
        "-1 is the greatest u128"
    );
    assert_eq!(value("not", "u8", &[1]), Some(254));
    assert_eq!(value("is_ascii_digit", "u8", &[0x37]), Some(1));
}

#[test]
fn floats_round_as_their_type_does() {
    let sum = f64::from(0.1_f32 + 0.2_f32);
    let (a, b) = (f64::from(0.1_f32), f64::from(0.2_f32));
    assert_eq!(value("add", "f32", &[float(a), float(b)]), Some(float(sum)));
    assert_eq!(value("lt", "f64", &[float(f64::NAN), float(1.0)]), Some(0));
    assert_eq!(
        value("partial_cmp", "f64", &[float(f64::NAN), float(1.0)]),
        None
    );
}

#[test]
fn casts_truncate_and_saturate() {
    assert_eq!(value("cast", "i32 as u8", &[-1]), Some(255));
    assert_eq!(value("cast", "u8 as i8", &[200]), Some(-56));
    assert_eq!(value("cast", "f64 as u8", &[float(300.7)]), Some(255));
    assert_eq!(value("cast", "f64 as i32", &[float(f64::NAN)]), Some(0));
    assert_eq!(
        value("cast", "f64 as u128", &[float(f64::INFINITY)]),
        Some(-1)
    );
    assert_eq!(
        value("cast", "u128 as f64", &[-1]),
        Some(float(2_f64.powi(128)))
    );
    assert_eq!(value("cast", "bool as i64", &[1]), Some(1));
}

#[test]
fn a_program_that_names_what_is_not_there_is_refused() {
    for (operation, type_, numbers) in [
        ("register", "", vec![1]),
        ("load", "u8", vec![1, 1, 0, 0, -1]),
        ("load", "u7", vec![0, 1, 0, 0, -1]),
        ("not", "u8", vec![0]),
        ("no_such_function", "u8", vec![]),
        ("if", "", vec![0, 0]),
        ("chain", "", vec![1, 0, 0, 1]),
    ] {
        let nodes = [node(operation, type_, &numbers)];
        let program = Program::new(&nodes, &[ChainText::default()], 1, 1);
        assert!(program.is_err(), "{operation} of {type_} {numbers:?}");
    }
    assert!(Program::new(&[], &[], 0, 1).is_err());
}

#[test]
fn a_chain_does_not_run_within_itself() {
    let nodes = [node("const", "", &[1]), node("chain", "", &[0, 0, 0, 1])];
    let itself = ChainText {
        position: 0,
        stages: vec![("filter".into(), 0, 1)],
        end: EndText::default(),
    };
    assert!(Program::new(&nodes, &[itself], 1, 1).is_err());
}

#[test]
fn bytes_that_are_no_value_of_their_type_make_a_node_fail() {
    let nodes = [
        node("register", "", &[0]),
        node("load", "bool", &[0, 1, 0, 0, -1]),
    ];
    let chain = ChainText {
        position: 0,
        stages: vec![("filter".into(), 0, 1)],
        end: EndText::default(),
    };
    let program = Program::new(&nodes, &[chain], 1, 1).expect("it is valid");
    let mut run = Run::new(program, vec![0], vec![], numbers(3));
    assert_eq!(run.feed(piece(0, &[1, 7, 0]), 10, 10), Status::Failed(1));
    assert_eq!(
        run.evaluate(0, piece(0, &[1, 7, 0])),
        Some(1),
        "the item that failed"
    );
}
