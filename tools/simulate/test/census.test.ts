import { describe, expect, it } from "vitest";
import { census } from "../src/census.ts";

class Shelf {
  readonly #books: string[] = [];
  readonly #next: Shelf | undefined;
  readonly owner: { readonly loans: Map<string, Set<number>> } | undefined;

  constructor(next?: Shelf, owner?: Shelf["owner"]) {
    this.#next = next;
    this.owner = owner;
  }

  add(book: string): Shelf | undefined {
    this.#books.push(book);
    return this.#next;
  }
}

describe("a census", () => {
  it("counts what hangs from an object, private fields and all, each thing once", () => {
    const owner = { loans: new Map([["ann", new Set([1, 2, 3])]]) };
    const second = new Shelf(undefined, owner);
    const first = new Shelf(second, owner);
    first.add("a")?.add("b");
    first.add("c");

    expect(census(first)).toEqual(
      new Map([
        ["Shelf.#books", 3],
        ["Object.loans", 1],
      ]),
    );
  });

  it("sees a table grow", () => {
    const shelf = new Shelf();
    for (let count = 0; count < 1_000; count += 1) shelf.add("again");

    expect(census(shelf).get("Shelf.#books")).toBe(1_000);
  });
});
