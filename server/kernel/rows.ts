import { Schema } from 'mongoose';
import { duplicateKeyFields } from './mongo.ts';

/** What fields of a schema mostly are. */
export const text = { type: String, required: true } as const;
export const number = { type: Number, required: true } as const;
export const mixed = Schema.Types.Mixed;

/** Some of an entity's fields, as they stand in the database; a dotted path leads into one. */
type Fields<Entity> = {
  readonly [Field in keyof Entity | '_id' | `${keyof Entity & string}.${string}`]?: unknown;
};

/** Which rows: a misspelt field does not compile. */
export type Where<Entity> = Fields<Entity> & {
  readonly $or?: readonly Where<Entity>[];
  readonly $and?: readonly Where<Entity>[];
};

type Update<Entity> = { readonly [operator: `$${string}`]: Fields<Entity> };

type Sort<Entity> = { readonly [Field in keyof Fields<Entity>]?: 1 | -1 };

interface Query {
  exec(): Promise<unknown>;
}

/** A mongoose model, whatever its schema is. */
interface Model {
  insertOne(row: never): Promise<unknown>;
  findOne(where: never, projection: null, options: { lean: true }): Query;
  find(where: never, projection: null, options: { lean: true }): Query;
  findOneAndUpdate(where: never, update: never, options: { lean: true; returnDocument: 'after' }): Query;
  findOneAndDelete(where: never, options: { lean: true }): Query;
}

/**
 * The entities of a model: what the domain knows by `id` is a row with that `_id`. Its methods need no `this`, so that
 * a store may hand them on as its own.
 */
export function rowsOf<Entity extends { readonly id: string }>(model: Model) {
  const entityOf = (row: unknown): Entity => {
    const { _id: id, ...rest } = row as { readonly _id: string };
    return { id, ...rest } as unknown as Entity;
  };

  async function one(where: Where<Entity>): Promise<Entity | null> {
    const row = await model.findOne(where as never, null, { lean: true }).exec();
    return row ? entityOf(row) : null;
  }
  async function many(
    where: Where<Entity>,
    options: { readonly sort?: Sort<Entity>; readonly limit?: number } = {},
  ): Promise<Entity[]> {
    const found = await model.find(where as never, null, { ...options, lean: true }).exec();
    return (found as unknown[]).map(entityOf);
  }

  return {
    one,
    many,
    byId: (id: string) => one({ _id: id } as Where<Entity>),
    /** Those of these that there are, in no order. */
    byIds: (ids: readonly string[]) => many({ _id: { $in: [...ids] } } as Where<Entity>),

    /** False when a unique index, or its id, says that it is there already: who asks twice, or at once, is told so. */
    async insert({ id, ...rest }: Entity): Promise<boolean> {
      try {
        await model.insertOne({ _id: id, ...rest } as never);
        return true;
      } catch (error) {
        if (duplicateKeyFields(error)) return false;
        throw error;
      }
    },

    /** Changes one that is (still) so, the first in this order; null where none is. Answers it as it is then. */
    async change(
      where: Where<Entity>,
      update: Update<Entity>,
      options: { readonly sort?: Sort<Entity>; readonly upsert?: boolean } = {},
    ): Promise<Entity | null> {
      const row = await model
        .findOneAndUpdate(where as never, update as never, {
          ...options,
          lean: true,
          returnDocument: 'after',
        })
        .exec();
      return row ? entityOf(row) : null;
    },

    /** Takes one away that is (still) so; null where none is. Answers what it was. */
    async remove(where: Where<Entity>): Promise<Entity | null> {
      const row = await model.findOneAndDelete(where as never, { lean: true }).exec();
      return row ? entityOf(row) : null;
    },
  };
}

/** A condition on a text: this stands somewhere in it, letter for letter. */
export const contains = (words: string) => ({ $regex: words.replace(/[.*+?^${}()|[\]\\]/g, '\\$&') });
