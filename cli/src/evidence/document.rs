//! A document as its parts, before it has a form.

/// All of it.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) title: String,
    /// Below the title.
    pub(super) lead: String,
    pub(super) sections: Vec<Section>,
}

#[derive(Debug)]
pub(super) struct Section {
    pub(super) title: &'static str,
    pub(super) blocks: Vec<Block>,
}

#[derive(Debug)]
pub(super) enum Block {
    Text(String),
    List(Vec<String>),
    Table(Table),
}

/// Every row has as many cells as the header.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) header: Vec<&'static str>,
    /// From this column on, numbers.
    pub(super) numbers_from: usize,
    pub(super) rows: Vec<Vec<String>>,
}
