/** What can go wrong inside the queue. */

/**
 * The queue found itself in a state that cannot be: a defect of this package, never of its caller
 * and never of the network. Please report it.
 */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
}
