/**
 * The exchanges whose bodies are still coming, in the order of their arrival, which is that of
 * their deadlines. A list whose links are in its members: with most requests a body comes with
 * its head, so that each is put in and taken out again at once, a hundred thousand times a second.
 */
export class Linked {
  previous: Linked | null = null;
  next: Linked | null = null;
}

export class Receiving<Member extends Linked> {
  private first: Linked | null = null;
  private last: Linked | null = null;

  /** @param member one that is in no list. */
  add(member: Member): void {
    member.previous = this.last;
    if (this.last === null) this.first = member;
    else this.last.next = member;
    this.last = member;
  }

  /** Takes a member out; harmless for one that is not in the list any more. */
  delete(member: Member): void {
    const { previous, next } = member;
    if (previous !== null) previous.next = next;
    else if (this.first === member) this.first = next;
    else return;
    if (next === null) this.last = previous;
    else next.previous = previous;
    member.previous = null;
    member.next = null;
  }

  oldest(): Member | null {
    return this.first as Member | null;
  }
}
