// The binding's data classes from and to JSON in the engine's own names, by reflection: what this can't convert has
// changed its name or its type on the way here.
//
// Java's reflection and not Kotlin's, which needs a library of its own. It shows an unsigned number as the signed one
// that it is stored in; one of more than 63 bits is in no test.

import java.io.File
import java.lang.reflect.Constructor
import java.lang.reflect.Field
import java.lang.reflect.Modifier
import java.lang.reflect.ParameterizedType
import java.lang.reflect.Type
import java.lang.reflect.WildcardType
import java.math.BigDecimal
import java.time.Instant
import java.time.OffsetDateTime
import java.time.ZoneOffset
import java.time.format.DateTimeFormatter

const val PACKAGE = "vsm"

private val RFC_3339 = DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC)

fun fieldsOf(type: Class<*>): List<Field> =
    type.declaredFields.filter { !Modifier.isStatic(it.modifiers) }.onEach { it.isAccessible = true }

/** `earlyStart` is `early_start`; `durationMs` is `duration`, whose unit the engine has in its type. */
fun engineName(name: String): String =
    name.removeSuffix("Ms").replace(Regex("[A-Z]")) { "_" + it.value.lowercase() }

fun camel(name: String): String = name.replace(Regex("_([a-z0-9])")) { it.groupValues[1].uppercase() }

fun toJson(value: Any?): Any? =
    when (value) {
        null, is String, is Boolean -> value
        is Int -> BigDecimal(value)
        is Long -> BigDecimal(value)
        is UInt -> BigDecimal(value.toLong())
        is ULong -> BigDecimal(value.toString())
        is Double -> BigDecimal(value)
        is Instant -> RFC_3339.format(value)
        is Enum<*> -> value.name.lowercase()
        is List<*> -> value.map { toJson(it) }
        is Map<*, *> -> value.mapValues { toJson(it.value) }
        else -> fieldsOf(value.javaClass).associate { engineName(it.name) to fieldToJson(it, value) }
    }

private fun fieldToJson(field: Field, record: Any): Any? {
    val value = field.get(record)
    return when {
        field.type == Int::class.javaPrimitiveType -> toJson((value as Int).toUInt())
        else -> toJson(value)
    }
}

inline fun <reified T> fromJson(json: Any?): T = fromJson(T::class.java, json) as T

fun fromJson(type: Type, json: Any?): Any? =
    when (type) {
        is ParameterizedType -> when (type.rawType) {
            List::class.java -> (json as List<*>? ?: emptyList<Any>()).map { fromJson(type.actualTypeArguments[0], it) }
            else -> (json as Map<*, *>? ?: emptyMap<String, Any>()).mapValues { fromJson(type.actualTypeArguments[1], it.value) }
        }
        is WildcardType -> fromJson(type.upperBounds[0], json)
        is Class<*> -> ofClass(type, json)
        else -> error("no conversion to $type")
    }

private fun ofClass(type: Class<*>, json: Any?): Any? =
    when {
        type == Int::class.javaPrimitiveType -> (json as BigDecimal? ?: BigDecimal.ZERO).toLong().toInt()
        type == Long::class.javaPrimitiveType -> (json as BigDecimal? ?: BigDecimal.ZERO).toLong()
        type == Boolean::class.javaPrimitiveType -> json ?: false
        // The one record that may be left out without being absent.
        json == null && type != vsm.Fields::class.java -> null
        type == UInt::class.java -> (json as BigDecimal).toLong().toUInt()
        type == ULong::class.java -> (json as BigDecimal).toLong().toULong()
        type == java.lang.Long::class.java -> (json as BigDecimal).toLong()
        type == java.lang.Double::class.java || type == Double::class.javaPrimitiveType -> (json as BigDecimal).toDouble()
        type == Instant::class.java -> OffsetDateTime.parse(json as String).toInstant()
        type.isEnum -> type.enumConstants.first { toJson(it) == json }
        type.packageName == PACKAGE -> record(type, json as Map<*, *>? ?: emptyMap<String, Any>())
        else -> json
    }

private fun record(type: Class<*>, json: Map<*, *>): Any {
    val whole = if (type.simpleName == "Policy") toJson(vsm.defaultPolicy()) as Map<*, *> + json else json
    val fields = fieldsOf(type)
    // An unsigned parameter makes Kotlin hide the constructor behind a second one with one parameter more.
    val constructor: Constructor<*> = type.declaredConstructors.single { it.parameterCount == fields.size }
    constructor.isAccessible = true
    val known = fields.map { engineName(it.name) }
    val unknown = whole.keys - known.toSet()
    check(unknown.isEmpty()) { "${type.simpleName} has no $unknown" }
    val values = fields.map { field ->
        val value = whole[engineName(field.name)]
        if (value == null && "${type.simpleName}.${engineName(field.name)}" in ABSENT_LISTS) null else fromJson(field.genericType, value)
    }
    return constructor.newInstance(*values.toTypedArray())
}

/** Lists of which none is not the same as an empty one; reflection can't tell them from the others. */
private val ABSENT_LISTS: Set<String> by lazy {
    val api = parseJson(File("tests/api.json").readText()) as Map<*, *>
    (api["records"] as Map<*, *>).flatMap { (record, what) ->
        val fields = (what as Map<*, *>)["fields"] as Map<*, *>
        fields.filterValues { (it as String).startsWith("[") && it.endsWith("?") }.keys.map { "$record.$it" }
    }.toSet()
}
