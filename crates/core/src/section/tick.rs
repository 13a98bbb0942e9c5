//! Ticking the checkboxes of sections that are done. Only the boxes change: every other byte stays as it is.

use super::{Selection, parse};
use crate::ids::SectionId;
use std::collections::BTreeSet;

/// `text` with every open checkbox of `sections` ticked. A section that the text does not have changes nothing.
#[must_use]
pub fn tick(text: &str, sections: &[SectionId]) -> String {
    let file = parse(text);
    let named = sections.iter().filter_map(|id| Selection::parse(id.as_str()).ok());
    let chosen = named.filter_map(|selection| file.select(&selection).ok()).flatten();
    let lines: BTreeSet<usize> =
        chosen.flat_map(|section| section.items).filter(|item| !item.done).map(|item| item.line).collect();
    let ticked = text
        .split_inclusive('\n')
        .enumerate()
        .map(|(at, line)| if lines.contains(&(at + 1)) { line.replacen("[ ]", "[x]", 1) } else { line.to_owned() });
    ticked.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dev_07_only_the_boxes_of_the_sections_that_are_done_change() {
        let text = "# T\r\n\r\n## Section 1: A\r\n- [x] 1.1 one [ ] of\r\n- [ ] 1.2 two\r\n  - [ ] nested [ ]\r\n\r\n\
                    ## Section 2: B\r\n- [ ] 2.1 three\r\n```\r\n- [ ] no box\r\n```\r\n";
        let done = "# T\r\n\r\n## Section 1: A\r\n- [x] 1.1 one [ ] of\r\n- [x] 1.2 two\r\n  - [x] nested [ ]\r\n\r\n\
                    ## Section 2: B\r\n- [ ] 2.1 three\r\n```\r\n- [ ] no box\r\n```\r\n";
        assert_eq!(tick(text, &["1".into()]), done);
        assert_eq!(tick(text, &["2.1".into()]), text.replace("- [ ] 2.1", "- [x] 2.1"));
        assert_eq!(tick(text, &["3".into()]), text);
    }
}
