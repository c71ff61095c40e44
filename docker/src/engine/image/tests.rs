use super::*;

fn tag(name: &str) -> Option<(String, String)> {
    let name: ImageName = name.parse().ok()?;
    Tag::of(&name).ok().map(|tag| (tag.repository.to_owned(), tag.tag.to_owned()))
}

#[test]
fn only_a_name_with_a_tag_can_be_given() {
    let pair = |repository: &str, tag: &str| Some((repository.to_owned(), tag.to_owned()));
    assert_eq!(tag("airhatch/agent:0.1.0"), pair("airhatch/agent", "0.1.0"));
    assert_eq!(tag("localhost:5000/a/b:1"), pair("localhost:5000/a/b", "1"));
    for nameless in ["airhatch/agent", "localhost:5000/a", "sha256:00ff", "a/b@sha256:00ff"] {
        assert_eq!(tag(nameless), None, "{nameless}");
    }
}

#[test]
fn the_id_is_read_from_the_engine_s_last_word() {
    assert_eq!(loaded_id("Loaded image ID: sha256:00ff".to_owned()).as_deref(), Some("sha256:00ff"));
    assert_eq!(loaded_id("Loaded image: airhatch/agent:1".to_owned()), None);
    assert_eq!(loaded_id(String::new()), None);
}

#[test]
fn what_is_said_is_remembered_for_a_while_only() {
    let mut told = 0;
    let mut tell = |_: &str| told += 1;
    let mut said = Said::new(&mut tell);
    for number in 0..1000 {
        said.hear(&format!("line {number}\n\n"));
    }
    assert_eq!((said.last.len(), said.last.back().map(String::as_str)), (REMEMBERED, Some("line 999")));
    assert_eq!(told, 1000);
}

#[test]
fn lines_that_come_in_pieces_are_told_whole() {
    let mut told = Vec::new();
    let mut tell = |line: &str| told.push(line.to_owned());
    let mut said = Said::new(&mut tell);
    for piece in
        ["Step 1/2", " : FROM x", "\n", "\u{1b}[91m   Compiling\u{1b}[0m", " a v1\nand", " more\r\n", "end"]
    {
        said.hear(piece);
    }
    said.hear("\n");
    assert_eq!(told, ["Step 1/2 : FROM x", "Compiling a v1", "and more", "end"]);
    let mut lines = 0;
    let mut tell = |_: &str| lines += 1;
    let mut said = Said::new(&mut tell);
    (0..1000).for_each(|_| said.hear(&"x".repeat(100)));
    assert!(said.begun.len() <= LONGEST + 100);
    assert!(lines > 0, "a line without end is told in parts");
}
