//! Node kinds and fields of the Python grammar, as enums.
//!
//! The grammar numbers its kinds anew with every release; names are stable. Tables that map numbers
//! to the enums are made once. Kinds that nothing here tells apart are [`Kind::Other`], so a newer
//! grammar degrades to "unknown construct", never to a wrong one.

use std::sync::OnceLock;

macro_rules! named_enum {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $text:literal,)* } else $other:ident = $note:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum $name {
            $(#[doc = concat!("`", $text, "`")] $variant,)*
            #[doc = $note]
            $other,
        }

        impl $name {
            /// The variant for a name in the grammar.
            fn named(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)*
                    _ => Self::$other,
                }
            }
        }
    };
}

named_enum! {
    /// What kind of construct a node is.
    Kind {
        // Statements.
        Module = "module",
        Block = "block",
        ExpressionStatement = "expression_statement",
        Assignment = "assignment",
        AugmentedAssignment = "augmented_assignment",
        Return = "return_statement",
        Raise = "raise_statement",
        Assert = "assert_statement",
        Delete = "delete_statement",
        Pass = "pass_statement",
        Break = "break_statement",
        Continue = "continue_statement",
        Global = "global_statement",
        Nonlocal = "nonlocal_statement",
        Import = "import_statement",
        ImportFrom = "import_from_statement",
        FutureImport = "future_import_statement",
        TypeAlias = "type_alias_statement",
        Print = "print_statement",
        Exec = "exec_statement",
        If = "if_statement",
        Elif = "elif_clause",
        Else = "else_clause",
        For = "for_statement",
        While = "while_statement",
        Try = "try_statement",
        Except = "except_clause",
        Finally = "finally_clause",
        With = "with_statement",
        WithClause = "with_clause",
        WithItem = "with_item",
        Match = "match_statement",
        Case = "case_clause",
        Function = "function_definition",
        Class = "class_definition",
        Decorated = "decorated_definition",
        Decorator = "decorator",
        // Expressions.
        Identifier = "identifier",
        DottedName = "dotted_name",
        AliasedImport = "aliased_import",
        RelativeImport = "relative_import",
        ImportPrefix = "import_prefix",
        WildcardImport = "wildcard_import",
        Attribute = "attribute",
        Subscript = "subscript",
        Slice = "slice",
        Call = "call",
        ArgumentList = "argument_list",
        KeywordArgument = "keyword_argument",
        ListSplat = "list_splat",
        ParenthesizedListSplat = "parenthesized_list_splat",
        DictionarySplat = "dictionary_splat",
        BinaryOperator = "binary_operator",
        UnaryOperator = "unary_operator",
        NotOperator = "not_operator",
        BooleanOperator = "boolean_operator",
        ComparisonOperator = "comparison_operator",
        Conditional = "conditional_expression",
        Lambda = "lambda",
        LambdaParameters = "lambda_parameters",
        NamedExpression = "named_expression",
        AsPattern = "as_pattern",
        AsPatternTarget = "as_pattern_target",
        Parenthesized = "parenthesized_expression",
        ExpressionList = "expression_list",
        Tuple = "tuple",
        List = "list",
        Set = "set",
        Dictionary = "dictionary",
        Pair = "pair",
        ListComprehension = "list_comprehension",
        SetComprehension = "set_comprehension",
        DictionaryComprehension = "dictionary_comprehension",
        GeneratorExpression = "generator_expression",
        ForInClause = "for_in_clause",
        IfClause = "if_clause",
        Await = "await",
        Yield = "yield",
        String = "string",
        ConcatenatedString = "concatenated_string",
        StringStart = "string_start",
        StringContent = "string_content",
        StringEnd = "string_end",
        Interpolation = "interpolation",
        FormatSpecifier = "format_specifier",
        FormatExpression = "format_expression",
        Integer = "integer",
        Float = "float",
        True = "true",
        False = "false",
        None = "none",
        Ellipsis = "ellipsis",
        // Targets, parameters and types.
        PatternList = "pattern_list",
        TuplePattern = "tuple_pattern",
        ListPattern = "list_pattern",
        ListSplatPattern = "list_splat_pattern",
        DictionarySplatPattern = "dictionary_splat_pattern",
        Parameters = "parameters",
        DefaultParameter = "default_parameter",
        TypedParameter = "typed_parameter",
        TypedDefaultParameter = "typed_default_parameter",
        KeywordSeparator = "keyword_separator",
        PositionalSeparator = "positional_separator",
        Type = "type",
        TypeParameter = "type_parameter",
        GenericType = "generic_type",
        UnionType = "union_type",
        MemberType = "member_type",
        ConstrainedType = "constrained_type",
        SplatType = "splat_type",
        // Patterns of `match`.
        CasePattern = "case_pattern",
        ClassPattern = "class_pattern",
        DictPattern = "dict_pattern",
        KeywordPattern = "keyword_pattern",
        SplatPattern = "splat_pattern",
        UnionPattern = "union_pattern",
        ComplexPattern = "complex_pattern",
        // Other named nodes.
        Chevron = "chevron",
        Comment = "comment",
        LineContinuation = "line_continuation",
        Error = "ERROR",
        // Keywords and operators that matter by themselves.
        AsyncKeyword = "async",
        FromKeyword = "from",
        And = "and",
        Or = "or",
        In = "in",
        NotIn = "not in",
        Is = "is",
        IsNot = "is not",
        Eq = "==",
        NotEq = "!=",
        NotEqOld = "<>",
        Less = "<",
        LessEq = "<=",
        Greater = ">",
        GreaterEq = ">=",
        Plus = "+",
        Minus = "-",
        Star = "*",
        StarStar = "**",
        Slash = "/",
        SlashSlash = "//",
        Percent = "%",
        At = "@",
        Pipe = "|",
        Ampersand = "&",
        Caret = "^",
        Tilde = "~",
        ShiftLeft = "<<",
        ShiftRight = ">>",
        PlusEq = "+=",
        MinusEq = "-=",
        StarEq = "*=",
        StarStarEq = "**=",
        SlashEq = "/=",
        SlashSlashEq = "//=",
        PercentEq = "%=",
        AtEq = "@=",
        PipeEq = "|=",
        AmpersandEq = "&=",
        CaretEq = "^=",
        ShiftLeftEq = "<<=",
        ShiftRightEq = ">>=",
        Colon = ":",
        Semicolon = ";",
        Comma = ",",
        Underscore = "_",
    } else Other = "Any other node or token."
}

named_enum! {
    /// The role of a node within its parent.
    Field {
        Alias = "alias",
        Alternative = "alternative",
        Arguments = "arguments",
        Argument = "argument",
        Attribute = "attribute",
        Body = "body",
        Cause = "cause",
        Condition = "condition",
        Consequence = "consequence",
        Definition = "definition",
        Expression = "expression",
        Function = "function",
        Guard = "guard",
        Key = "key",
        Left = "left",
        ModuleName = "module_name",
        Name = "name",
        Object = "object",
        Operator = "operator",
        Operators = "operators",
        Parameters = "parameters",
        ReturnType = "return_type",
        Right = "right",
        Subject = "subject",
        Subscript = "subscript",
        Superclasses = "superclasses",
        Type = "type",
        TypeParameters = "type_parameters",
        Value = "value",
    } else None = "No role that is told apart."
}

/// Numbers of the grammar to the enums.
struct Tables {
    kinds: Vec<Kind>,
    fields: Vec<Field>,
}

fn tables() -> &'static Tables {
    static TABLES: OnceLock<Tables> = OnceLock::new();
    TABLES.get_or_init(|| {
        let language: tree_sitter::Language = tree_sitter_python::LANGUAGE.into();
        let kinds = (0..language.node_kind_count() as u16)
            .map(|id| Kind::named(language.node_kind_for_id(id).unwrap_or_default()))
            .collect();
        let fields = (0..=language.field_count() as u16)
            .map(|id| Field::named(language.field_name_for_id(id).unwrap_or_default()))
            .collect();
        Tables { kinds, fields }
    })
}

impl Kind {
    /// The kind of a node of the concrete tree.
    pub(crate) fn of(node: &tree_sitter::Node<'_>) -> Self {
        if node.is_error() {
            return Self::Error;
        }
        tables().kinds.get(usize::from(node.kind_id())).copied().unwrap_or(Self::Other)
    }

    /// Whether the node defines a function or class, decorated or not.
    pub const fn is_definition(self) -> bool {
        matches!(self, Self::Function | Self::Class | Self::Decorated)
    }
}

impl Field {
    /// The field with a number of the grammar.
    pub(crate) fn of(id: Option<std::num::NonZeroU16>) -> Self {
        id.and_then(|id| tables().fields.get(usize::from(id.get()))).copied().unwrap_or(Self::None)
    }

    /// The number of a field in the grammar.
    pub(crate) fn id(self) -> Option<u16> {
        tables().fields.iter().position(|field| *field == self && *field != Self::None).map(|id| id as u16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_and_field_exists_in_the_grammar() {
        let language: tree_sitter::Language = tree_sitter_python::LANGUAGE.into();
        let known: Vec<Kind> = (0..language.node_kind_count() as u16)
            .map(|id| Kind::named(language.node_kind_for_id(id).unwrap_or_default()))
            .collect();
        for discriminant in 0..Kind::Other as u8 {
            let found = known.iter().any(|kind| *kind as u8 == discriminant);
            assert!(found || discriminant == Kind::Error as u8, "kind {discriminant} is not in the grammar");
        }
        for discriminant in 0..Field::None as u8 {
            assert!(tables().fields.iter().any(|field| *field as u8 == discriminant), "field {discriminant}");
        }
    }
}
