/**
 * Tells Stryker to leave the texts of errors alone: what a message says is for people to judge, and
 * changes nothing that the protocol decides. That an error is thrown, and which one, stays a target.
 */
const why = "the text of an error";

/** Whether a node stands, at any depth of expression, among the arguments of an error made to be thrown. */
function isErrorText(path) {
  if (!["StringLiteral", "TemplateLiteral"].includes(path.node.type)) return false;
  const made = path.findParent((parent) => parent.isNewExpression() || parent.isStatement());
  return Boolean(made?.isNewExpression() && (made.node.callee.name ?? "").endsWith("Error"));
}

/** In the shape Stryker looks for in a module of plugins. */
export const strykerPlugins = [
  {
    kind: "Ignore",
    name: "error-texts",
    value: { shouldIgnore: (path) => (isErrorText(path) ? why : undefined) },
  },
];
