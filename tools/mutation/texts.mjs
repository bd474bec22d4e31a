/**
 * Tells Stryker to leave texts for people alone: what a message says changes nothing that the
 * protocol decides. That an error is thrown and which, that something is reported and as what, stay
 * targets; so do codes, which are words without a space.
 */
const why = "a text for people";

/** Whether a node is a text among the arguments of an error, or the message of a report. */
function isText(path) {
  const { node } = path;
  const isTemplate = node.type === "TemplateLiteral";
  if (!isTemplate && !(node.type === "StringLiteral" && node.value.includes(" "))) return false;
  const part = path.findParent(
    (parent) => parent.isNewExpression() || parent.isObjectProperty() || parent.isStatement(),
  );
  if (part?.isObjectProperty()) return part.node.key.name === "message";
  return Boolean(part?.isNewExpression() && (part.node.callee.name ?? "").endsWith("Error"));
}

/** In the shape Stryker looks for in a module of plugins. */
export const strykerPlugins = [
  {
    kind: "Ignore",
    name: "texts",
    value: { shouldIgnore: (path) => (isText(path) ? why : undefined) },
  },
];
